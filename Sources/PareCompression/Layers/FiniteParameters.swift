import PareGraph
import PareTensor

extension Graph {
  /// Refuses parameters that no technique can work with: one that training changes and that is not finite, and one of any kind that is
  /// not a number. Infinite constants are left alone: masks are made of them.
  ///
  /// - Throws: `CompressionError` `compression.non-finite-value`, naming the layer, the parameter and the first place.
  func requireNumbers() throws {
    for (name, parameter) in parameters where parameter.storage.elementType.isFloatingPoint {
      let numbers = parameter.storage.decoded().doubles
      guard let position = numbers.firstIndex(where: { parameter.isTrainable ? !$0.isFinite : $0.isNaN }) else { continue }
      throw nonFinite(name, at: position, found: numbers[position], expected: parameter.isTrainable ? "a finite number" : "a number")
    }
  }

  /// An error about one element of a parameter: the subject reads `layer 'dense_1', dense_1.weight[3, 2]`.
  func nonFinite(_ name: String, at position: Int, found: Double, expected: String) -> CompressionError {
    let coordinates = parameters[name]?.storage.shape.coordinates(of: position) ?? []
    let place = coordinates.isEmpty ? name : "\(name)[\(coordinates.map(String.init).joined(separator: ", "))]"
    let reader = consumers(of: name).first.map { "layer '\($0.name)', " } ?? ""
    return CompressionError("non-finite-value", subject: reader + place, expected: expected, found: "\(found)")
  }
}

extension Shape {
  /// Where a row-major position lies along each axis.
  fileprivate func coordinates(of position: Int) -> [Int] {
    var rest = position
    return dimensions.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }
}
