extension OperatorCatalogue {
  static let stateSpace: [any Operator.Type] = [SelectiveScan.self, SelectiveScanGradient.self, QuantizedSelectiveScan.self]
}
