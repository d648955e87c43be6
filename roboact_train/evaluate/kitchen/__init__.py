"""FrankaKitchen of gymnasium-robotics: a benchmark from outside, in the same harness as the tabletop suite."""
