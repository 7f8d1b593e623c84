"""One function per statement: A to G and the printed 3.1 to 3.3; proofs in docs/layers/theory.md."""

from edgewise.paper.theory.bounds.constants import deviation, mass_needed
from edgewise.paper.theory.bounds.printed import printed_3_1, printed_3_2, printed_3_2_exponent, printed_3_3
from edgewise.paper.theory.bounds.theorems_a_to_c import theorem_a, theorem_b, theorem_c, theorem_c_uniform
from edgewise.paper.theory.bounds.theorems_d_to_g import (
    theorem_d,
    theorem_e,
    theorem_f,
    theorem_g,
    theorem_g_norm,
)


__all__ = [
    "deviation",
    "mass_needed",
    "printed_3_1",
    "printed_3_2",
    "printed_3_2_exponent",
    "printed_3_3",
    "theorem_a",
    "theorem_b",
    "theorem_c",
    "theorem_c_uniform",
    "theorem_d",
    "theorem_e",
    "theorem_f",
    "theorem_g",
    "theorem_g_norm",
]
