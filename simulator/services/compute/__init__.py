"""Microsoft.Compute: the scale sets behind node pools."""
