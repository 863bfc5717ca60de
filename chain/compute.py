"""Gas of computing: what each operation of the contract language costs.

The protocol prices instructions, and what a compiler emits for an operation is the compiler's
business. These numbers stand for what solc 0.6 emits without its optimizer, as the reference was
built: each is what one use of an operation costs beside the storage, hashes, logs, memory and calls
that the protocol itself prices (``chain.gas``). They were fitted to recordings of the reference's
contracts on a real EVM by ``python -m benchmarks.gas_fit``, which writes this file's numbers.
"""

from __future__ import annotations

# Expressions.
NAME = 2  # a local variable
CONSTANT = 3
CONTEXT = 5  # sender, value, time, own address
FIELD = 6  # reading a storage field of a whole slot
NARROW_FIELD = 28  # reading one that shares a slot, or could
MEMBER = 7  # reading a struct's member
ITEM = 49  # reading an element, or what a map holds
ADD = 12
MULTIPLY = 141
DIVIDE = 111
BITS = 10
UNARY = 9
COMPARE = 10
BOOLEAN = 21
CONDITIONAL = 25
CAST = 10
CALL = 16  # of a function or method within the contract
SEQUENCE = 10

# Statements.
ASSIGN = 6
SET_FIELD = 83
SET_MEMBER = 91
SET_ITEM = 151
IF = 18
RETURN = 17
RAISE = 130
ENTRY = 16  # of a method
TURN = 49  # of a loop
WALK = 70  # an element of what a loop walks

# What no EVM has: prices that keep the memory that Python takes within 10 bytes a gas.
OBJECT = 60  # an iterator, a handle to a struct, a record, the result of a library function
ELEMENT = 6  # copied, compared or searched

# Sequences.
LOAD = 100  # an element of a storage array, copied to memory
STORE = 95  # an element of an array, copied to storage
READ_TEXT = 500
WRITE_TEXT = 2055
WRITE_TEXT_SLOT = 200

# Vector operations, per element.
DOT = 655
SQUARE = 298
ADD_SCALED = 84
SUM_AT = 416
ADD_AT = 314
SQUARED_DISTANCE = 569
MOVING_AVERAGE = 373
SQUARE_ROOT_BIT = 84  # of the square

# Calls and events.
FRAME = 131  # finding the method, and leaving
RECEIVE = 50  # plain money, which names no method
DISPATCH = 47  # each time the methods that may be meant are halved
DECODE_WORD = 24
CHECKED_WORD = 80
CHECKED_ARRAY = 491
DECODE_ARRAY = 111
DECODE_TEXT = 561
DECODE_ITEM = 249
ENCODE_RESULT = 19  # a word of it
ENCODE_CALL = 199
ENCODE_WORD = 33
ENCODE_ARRAY = 110
ENCODE_ITEM = 75
EVENT = 62
HASHED_ARRAY = 92
HASHED_ITEM = 65
HASHED_WORD = 28
SEND = 26  # money

# Bytes of code.
CODE_BASE = 460
CODE_NODE = 15  # of the syntax tree
CODE_LIBRARY = 306  # a loop of the language's library
CODE_WORD = 45  # of arguments and results, on either side of a call
CODE_FUNCTION = 144
CODE_LEVEL = 400  # of nesting in a constructor's arguments
