"""Take away what would make the SDK speak for somebody else.

python-amazon-sp-api reads these variables when it is imported and when a client is made:
``SP_API_DEFAULT_MARKETPLACE`` overrides the marketplace that was asked for, ``AWS_ENV`` turns to Amazon's
own sandbox, and a misspelled value of either breaks the import. Accounts say all this by data.
"""

import os

NAMES = ("SP_API_DEFAULT_MARKETPLACE", "AWS_ENV")

for _name in NAMES:
    os.environ.pop(_name, None)
