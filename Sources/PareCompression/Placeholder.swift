// PareCompression
