import PareTensor

/// What a person may decide about a file that is read.
public struct ONNXImportOptions: Sendable {
  /// Inputs that become constants. An input that shapes depend on has to be one.
  public var constants: [String: Tensor]
  /// The extent of the first axis, where the file leaves it open; nil leaves it open too.
  public var batch: Int?

  public init(constants: [String: Tensor] = [:], batch: Int? = nil) {
    self.constants = constants
    self.batch = batch
  }
}
