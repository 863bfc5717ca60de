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
NARROW_FIELD = 37  # reading one that shares a slot, or could
MEMBER = 11  # reading a struct's member
ITEM = 55  # reading an element, or what a map holds
ADD = 18
MULTIPLY = 125
DIVIDE = 120
BITS = 10
UNARY = 9
COMPARE = 10
BOOLEAN = 20
CONDITIONAL = 27
CAST = 10
CALL = 10  # of a function or method within the contract
SEQUENCE = 10

# Statements.
ASSIGN = 7
SET_FIELD = 77
SET_MEMBER = 85
SET_ITEM = 162
IF = 16
RETURN = 12
RAISE = 104
ENTRY = 15  # of a method
TURN = 50  # of a loop
WALK = 69  # an element of what a loop walks

# Sequences.
ELEMENT = 6  # copied, compared or searched
LOAD = 100  # an element of a storage array, copied to memory
STORE = 95  # an element of an array, copied to storage
READ_TEXT = 500
WRITE_TEXT = 1995
WRITE_TEXT_SLOT = 201

# Vector operations, per element.
DOT = 651
SQUARE = 302
ADD_SCALED = 76
SUM_AT = 422
ADD_AT = 329
SQUARED_DISTANCE = 569
MOVING_AVERAGE = 424
SQUARE_ROOT_BIT = 87  # of the square

# Calls and events.
FRAME = 157  # finding the method, and leaving
DISPATCH = 50  # each time the methods that may be meant are halved
DECODE_WORD = 18
CHECKED_WORD = 73
CHECKED_ARRAY = 489
DECODE_ARRAY = 152
DECODE_TEXT = 544
DECODE_ITEM = 248
ENCODE_RESULT = 19  # a word of it
ENCODE_CALL = 493
ENCODE_WORD = 57
ENCODE_ARRAY = 269
ENCODE_ITEM = 80
EVENT = 59
HASHED_ARRAY = 104
HASHED_ITEM = 58
HASHED_WORD = 30
SEND = 80  # money

# Bytes of code.
CODE_BASE = 460
CODE_NODE = 15  # of the syntax tree
CODE_LIBRARY = 306  # a loop of the language's library
CODE_WORD = 45  # of arguments and results, on either side of a call
CODE_FUNCTION = 144
CODE_LEVEL = 400  # of nesting in a constructor's arguments
