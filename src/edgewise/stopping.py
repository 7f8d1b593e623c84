"""When to stop labelling."""

from edgewise.learning.stopping import NoGain as NoGain
from edgewise.learning.stopping import Settled as Settled
from edgewise.learning.stopping import expected_gain as expected_gain
