"""Evidence that does not come from the derivation: rigorous enclosures of the defining integrals,
laws that a divergence must satisfy, and measurements of generated code against ball arithmetic."""
