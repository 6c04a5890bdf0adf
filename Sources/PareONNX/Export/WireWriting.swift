import Foundation
import PareGraph
import PareTensor

extension WireAttribute {
  /// Attributes that ONNX has as numbers with a fraction, whoever wrote a whole one.
  private static let floats: Set<String> = [
    "alpha", "beta", "bias", "clip", "epsilon", "gamma", "lambd", "momentum", "offset", "scale", "softcap",
  ]

  package init(_ name: String, _ attribute: Attribute) {
    self.name = name
    switch attribute {
    case .int(let value) where Self.floats.contains(name):
      kind = .float
      float = Float(value)
    case .int(let value):
      kind = .int
      int = Int64(value)
    case .float(let value):
      kind = .float
      float = Float(value)
    case .string(let text):
      kind = .string
      string = Data(text.utf8)
    case .ints(let values):
      kind = .ints
      ints = values.map { Int64($0) }
    case .floats(let values):
      kind = .floats
      floats = values.map { Float($0) }
    case .strings(let texts):
      kind = .strings
      strings = texts.map { Data($0.utf8) }
    }
  }

  package init(_ name: String, _ tensor: Tensor) {
    self.name = name
    kind = .tensor
    self.tensor = WireTensor(name, tensor)
  }
}

extension WireTensor {
  /// A tensor without its elements.
  init(_ name: String, _ elementType: ElementType, _ shape: Shape) {
    self.name = name
    self.elementType = Int32(elementType.onnxDataType)
    extents = shape.dimensions.map { Int64($0) }
  }

  package init(_ name: String, _ tensor: Tensor) {
    self.init(name, tensor.elementType, tensor.shape)
    rawData = tensor.rawData
  }
}

extension Tensor {
  /// The elements as ONNX writes them: little-endian, four-bit ones two to a byte.
  var rawData: Data {
    elementType.bitCount == 4 ? Data(fourBits) : withUnsafeBytes { Data($0) }
  }
}

extension WireValueInfo {
  /// Extents that are products have no name that says what they are, and stand open.
  package init(_ value: ValueInfo) {
    name = value.name
    var tensor = WireValueKind.TensorKind()
    tensor.elementType = Int32(value.type.elementType.onnxDataType)
    tensor.shape.extents = value.type.dimensions.map { dimension in
      var extent = WireExtents.Extent()
      switch dimension {
      case .fixed(let number): extent.number = Int64(number)
      case .symbolic(let symbol): extent.symbol = symbol
      case .product: break
      }
      return extent
    }
    // A scalar has a shape, which has no extents.
    if tensor.shape.extents.isEmpty { tensor.shape = WireExtents() }
    type.tensor = tensor
  }
}
