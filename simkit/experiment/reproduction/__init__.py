"""An experiment's claims and committed values, held against new runs."""
