"""Describe the rhythms of simulated EEG: lines and broad components, where they are strong, how BOLD follows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rhythm:
    """One component of the activity of every region.

    Attributes
    ----------
    name : str
    low, high : float
        Limits of its band, Hz.
    peak, spread, width : float
        Mean and spread of its peak over subjects, and width of its line, Hz.
    moment : tuple of float
        Relative rms dipole moment far from `seat`, and how much is added at it.
    seat : tuple of float
        Where it is strongest, MNI152 mm; its mirror image as well.
    weight : tuple of float
        Mean and scatter over regions of what its power does to BOLD, before each region's weights get unit norm.
    exponent : float or None
        Broad component whose power falls as 1 / frequency ** exponent between `low` and `high`, in place of a line.
    vigilance : float
        Change of the logarithm of its power from sleep to wakefulness.
    """

    name: str
    low: float
    high: float
    peak: float
    spread: float
    width: float
    moment: tuple[float, float]
    seat: tuple[float, float, float]
    weight: tuple[float, float] = (0.0, 0.0)
    exponent: float | None = None
    vigilance: float = 0.0


#: Alpha peaks near 10 Hz with a spread of 1 Hz over adults (Klimesch, Brain Res Rev 29, 1999) and is strongest over
#: occipital cortex; it goes with less BOLD in most of cortex (Goldman et al., NeuroReport 13, 2002; Laufs et al., PNAS
#: 100, 2003).
ALPHA = Rhythm("alpha", 8.0, 13.0, 10.0, 0.6, 0.8, (0.4, 1.2), (15, -80, 10), (-0.8, 0.4), vigilance=1.2)
#: Beta near 20 Hz is strongest over sensorimotor cortex; it goes with more BOLD in some regions and less in others
#: (Laufs et al. 2003; Ritter et al., Hum Brain Mapp 30, 2009).
BETA = Rhythm("beta", 15.0, 28.0, 20.5, 1.0, 2.5, (0.3, 0.5), (40, -25, 55), (0.0, 0.8), vigilance=0.3)
RHYTHMS = (ALPHA, BETA)

#: Frontal theta and the spindles of light sleep grow as alpha fades (De Gennaro and Ferrara, Sleep Med Rev 7, 2003).
THETA = Rhythm("theta", 4.0, 7.5, 5.8, 0.4, 1.0, (0.4, 0.6), (5, 25, 45), (0.6, 0.3), vigilance=-1.0)
SIGMA = Rhythm("sigma", 12.0, 15.5, 13.6, 0.3, 0.8, (0.3, 0.6), (5, -20, 60), (0.4, 0.3), vigilance=-1.6)

#: A region whose 1/f background steepens has more of the first and less of the second (Gao et al., NeuroImage 158,
#: 2017: the exponent follows the balance of excitation and inhibition).
STEEP = Rhythm("steep", 1.0, 45.0, 1.0, 0.0, 0.0, (1.0, 0.0), (0, 0, 0), (-1.0, 0.0), exponent=2.0)
FLAT = Rhythm("flat", 1.0, 45.0, 1.0, 0.0, 0.0, (0.8, 0.0), (0, 0, 0), (1.0, 0.0), exponent=0.5)
