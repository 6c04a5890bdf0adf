import PareGraph

/// Every conversion that import knows; an operator without one is taken over as it is.
package enum ImportCatalogue {
  package static let all: [any NodeImport.Type] = opsets + machineLearning

  private static let byName = Dictionary(grouping: all) { $0.operatorName }

  /// The conversion of an operator in a version of its domain.
  package static func conversion(of name: OperatorName, opset: Int) -> (any NodeImport.Type)? {
    byName[name]?.first { $0.opsets.contains(opset) }
  }

  /// Whether an operator's conversion takes constant strings.
  static func takesTexts(_ name: OperatorName) -> Bool { byName[name]?.contains { $0.takesTexts } ?? false }

  /// Every operator that a file may use.
  static var supportedOperators: [String] {
    let own = OperatorCatalogue.all.map { $0.name }.filter { $0.domain != "pare" }
    let built: [OperatorName] = ["Constant", "If"]
    return Set((own + all.map { $0.operatorName } + built).map(\.description)).sorted()
  }
}
