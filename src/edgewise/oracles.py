"""Oracles: who answers for labels, and what the answers cost."""

from edgewise.learning.answer import Answer as Answer
from edgewise.learning.answer import Cost as Cost
from edgewise.learning.answer import OracleError as OracleError
from edgewise.learning.oracle import Callback as Callback
from edgewise.learning.oracle import GroundTruth as GroundTruth
from edgewise.learning.oracle import Oracle as Oracle
from edgewise.learning.oracle import Victim as Victim
