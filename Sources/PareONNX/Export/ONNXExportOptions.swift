/// How a model is written as an ONNX file.
public struct ONNXExportOptions: Sendable {
  /// The version of the standard operators; nil takes the lowest from 21 that has every operator of the model.
  public var opset: Int?
  /// Whether weights go to a file of their own beside the model. They do in any case where they are more than what one
  /// message can hold.
  public var externalData: Bool

  public init(opset: Int? = nil, externalData: Bool = false) {
    self.opset = opset
    self.externalData = externalData
  }
}
