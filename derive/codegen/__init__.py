"""From a closed form to code: evaluation form, function, target."""
