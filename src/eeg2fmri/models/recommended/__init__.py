"""The recommended synthesiser: fitted in closed form, few subjects suffice."""
