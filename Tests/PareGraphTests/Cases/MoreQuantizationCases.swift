import PareGraph
import PareTensor

extension OperatorCases {
  static let moreQuantization: [OperatorCase] = []
}
