"""Problems whose Bayes rule is known."""
