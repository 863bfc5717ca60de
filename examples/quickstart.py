"""A shared spam filter in twenty lines: add a sample for a deposit, wait, and take it back."""

from chain import Chain
from chain.units import days, ether, hours
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.collaborative_trainer import CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from incentives.stakeable import Stakeable

chain = Chain()
alice, bob = chain.accounts[:2]
weights = [2 * 10**9, -(10**9), 0]  # of the words "prize", "meeting" and "crypto", times 10**9
model = chain.deploy(SparsePerceptron, ["fine", "spam"], weights, 0, 10**9, sender=alice)
records = chain.deploy(DataHandler, sender=alice)
stakes = chain.deploy(Stakeable, 1 * days, 2 * days, 9 * days, ether // 100, sender=alice)
about = ("spam filter", "Is it spam?", "word numbers")
trainer = chain.deploy(CollaborativeTrainer, *about, records, stakes, model, sender=alice)
for part in (records, stakes, model):
    part.transfer_ownership(trainer, sender=alice)

chain.time_travel(seconds=1 * hours)  # the longer nobody adds anything, the lower the deposit
words, spam = [1, 2], 1
print("the model says", model.classifications(model.predict(words)))
added = trainer.add_data(words, spam, sender=bob, value=stakes.next_add_data_cost())
print(f"{added}\n{added.trace}")
print("now it says", model.classifications(model.predict(words)))
print(f"bob has {chain.balance(bob) / ether:.6f} ether, {trainer.balance / ether} are deposited")
chain.time_travel(seconds=1 * days)
print(trainer.refund(words, spam, added.events[0].time, sender=bob).trace)
print(f"bob has {chain.balance(bob) / ether:.6f} ether: all but the fees for gas")
