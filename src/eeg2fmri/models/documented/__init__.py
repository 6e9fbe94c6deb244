"""The synthesiser of Calhas and Henriques (arXiv:2203.03481) and its parts."""
