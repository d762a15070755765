"""How good detection is: the truth of scenarios against what snatbot and two usual rules find (`make evaluate`)."""
