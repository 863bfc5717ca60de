"""What the README tells a user to paste works when pasted."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from offchain.files import load_model
from offchain.models import DensePerceptronModel

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
QUICKSTART, BANK, TEST, MODELS, POLICY, MECHANISM = re.findall(
    r"```python\n(.*?)```", README, re.DOTALL
)


def run(folder: Path, *command: str) -> str:
    result = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_quick_start_is_the_example_and_runs(tmp_path: Path) -> None:
    assert QUICKSTART.strip() in (ROOT / "examples" / "quickstart.py").read_text()
    (tmp_path / "pasted.py").write_text(QUICKSTART)
    printed = run(tmp_path, "pasted.py")
    assert "the model says fine" in printed
    assert "now it says spam" in printed
    assert "all but the fees for gas" in printed


def test_the_contract_and_its_test_work_when_pasted(tmp_path: Path) -> None:
    (tmp_path / "bank.py").write_text(BANK)
    (tmp_path / "test_bank.py").write_text(TEST)
    assert "1 passed" in run(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "test_bank.py")


def test_a_model_goes_to_the_chain_and_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "pasted.py").write_text(MODELS)
    transactions, score = run(tmp_path, "pasted.py").splitlines()
    assert re.fullmatch(r"7 transactions, [67],\d{3},\d{3} gas", transactions)
    assert float(score) > 0.9
    assert isinstance(load_model(tmp_path / "model.json"), DensePerceptronModel)


def test_a_policy_of_ones_own_is_simulated(tmp_path: Path) -> None:
    (tmp_path / "pasted.py").write_text(POLICY)
    printed = run(tmp_path, "pasted.py")
    assert "\n0 profit of doubter " in printed
    assert re.search(r"\n1 accuracy_end 0\.\d+ ± ", printed)


def test_a_mechanism_of_ones_own_is_compared(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MECHANISM)
    found = re.search(
        r"^python (-m simulation compare .*\\\n.* --with .*mine:.*)$", README, re.MULTILINE
    )
    assert found
    short = "--seeds 2 --set stop.contributions=60 --quiet"
    text = found[1].replace("\\\n", " ").replace("--seeds 20", short)
    command = shlex.split(text, comments=True)
    printed = run(tmp_path, *command)
    assert re.search(r"^mechanism=mine:WaryDeposit .* mean +difference$", printed, re.MULTILINE)
    assert (tmp_path / "mine.png").read_bytes().startswith(b"\x89PNG")


def test_there_are_two_commands_that_do_all_the_set_up() -> None:
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("-m examples.hospitals")
    assert commands[1].endswith("-m pytest")
