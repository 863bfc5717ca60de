"""What the README tells a user to paste works when pasted."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
QUICKSTART, BANK, TEST = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


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


def test_there_are_two_commands_that_do_all_the_set_up() -> None:
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("-m examples.hospitals")
    assert commands[1].endswith("-m pytest")
