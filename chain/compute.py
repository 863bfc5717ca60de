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
NARROW_FIELD = 30  # reading one that shares a slot, or could
MEMBER = 6  # reading a struct's member
ITEM = 53  # reading an element, or what a map holds
ADD = 18
MULTIPLY = 135
DIVIDE = 111
BITS = 10
UNARY = 9
COMPARE = 11
BOOLEAN = 22
CONDITIONAL = 26
CAST = 10
CALL = 11  # of a function or method within the contract
SEQUENCE = 10

# Statements.
ASSIGN = 6
SET_FIELD = 85
SET_MEMBER = 91
SET_ITEM = 151
IF = 19
RETURN = 17
RAISE = 121
ENTRY = 17  # of a method
TURN = 49  # of a loop
WALK = 70  # an element of what a loop walks

# Sequences.
ELEMENT = 6  # copied, compared or searched
LOAD = 100  # an element of a storage array, copied to memory
STORE = 95  # an element of an array, copied to storage
READ_TEXT = 500
WRITE_TEXT = 2057
WRITE_TEXT_SLOT = 200

# Vector operations, per element.
DOT = 655
SQUARE = 303
ADD_SCALED = 85
SUM_AT = 424
ADD_AT = 335
SQUARED_DISTANCE = 570
MOVING_AVERAGE = 372
SQUARE_ROOT_BIT = 86  # of the square

# Calls and events.
FRAME = 133  # finding the method, and leaving
RECEIVE = 50  # plain money, which names no method
DISPATCH = 48  # each time the methods that may be meant are halved
DECODE_WORD = 23
CHECKED_WORD = 82
CHECKED_ARRAY = 490
DECODE_ARRAY = 120
DECODE_TEXT = 562
DECODE_ITEM = 248
ENCODE_RESULT = 20  # a word of it
ENCODE_CALL = 204
ENCODE_WORD = 33
ENCODE_ARRAY = 116
ENCODE_ITEM = 75
EVENT = 64
HASHED_ARRAY = 106
HASHED_ITEM = 65
HASHED_WORD = 31
SEND = 22  # money

# Bytes of code.
CODE_BASE = 460
CODE_NODE = 15  # of the syntax tree
CODE_LIBRARY = 306  # a loop of the language's library
CODE_WORD = 45  # of arguments and results, on either side of a call
CODE_FUNCTION = 144
CODE_LEVEL = 400  # of nesting in a constructor's arguments
