"""How an asset of the flow is declared and how it writes its days. Imports no stage."""
