import PareTensor

extension Tensor {
  /// Rows become columns.
  ///
  /// - Precondition: two axes, elements of the type.
  func matrixTransposed<Element: TensorElement>(as type: Element.Type) -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let values = values(as: Element.self)
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}
