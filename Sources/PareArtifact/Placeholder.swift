// PareArtifact
