/// The version of Pare, as `pare --version` prints it and runs keep it.
public enum PareVersion {
  public static let current = "0.1.0"
}
