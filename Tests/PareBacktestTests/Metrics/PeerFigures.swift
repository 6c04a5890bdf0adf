import PareBacktest
import PareTensor

/// What `benchmarks/metrics` prints: figures of the series below, worked out with numpy.
enum PeerFigures {
  static let independent: [String: Double] = [
    "volatility": 0.1161672576110931,
    "sharpe": 0.03875958708883762,
    "sortino": 0.054754018219546285,
    "information": -1.1472871114131131,
    "cagr": 0.0044878241089088,
    "max_drawdown": 0.17875820425876252,
    "var_95": 0.010457724435910875,
    "cvar_95": 0.012004161822819966,
    "block": 2.2869799290315473,
    "probabilistic_sharpe": 0.5242523893041304,
    "deflated_sharpe": 0.04107065695852402,
  ]
  static let persistent: [String: Double] = [
    "volatility": 0.1403165357632883,
    "sharpe": 1.1959598451084827,
    "sortino": 1.7984115265193625,
    "information": 0.6177416960935803,
    "cagr": 0.1361353089548465,
    "max_drawdown": 0.3600506653873035,
    "var_95": 0.011473626261813768,
    "cvar_95": 0.014064998866843856,
    "block": 16.08411325962845,
    "probabilistic_sharpe": 0.9923824102904673,
    "deflated_sharpe": 0.0975799343785071,
  ]
  static let reverting: [String: Double] = [
    "volatility": 0.11974426878947254,
    "sharpe": 0.73243175124163,
    "sortino": 1.078156726019843,
    "information": -0.4439519146568073,
    "cagr": 0.08443987799657293,
    "max_drawdown": 0.12968685962848964,
    "var_95": 0.00972216200448391,
    "cvar_95": 0.012190658595895751,
    "block": 8.411388547063902,
    "probabilistic_sharpe": 0.8447082556234928,
    "deflated_sharpe": 0.530985688224827,
  ]
  static let twoClasses: [String: Double] = [
    "accuracy": 0.6933333333333334,
    "balanced_accuracy": 0.6931439242363612,
    "log_loss": 0.6769129177703465,
    "f1_0": 0.7003257328990228,
    "f1_1": 0.6860068259385665,
    "auc": 0.6899815481748255,
    "brier": 0.4640415643778186,
    "calibration_error": 0.13181731164455415,
  ]
  static let threeClasses: [String: Double] = [
    "accuracy": 0.6033333333333334,
    "balanced_accuracy": 0.6031934313249426,
    "log_loss": 1.0466889892674383,
    "f1_0": 0.6006711409395974,
    "f1_1": 0.619124797406807,
    "f1_2": 0.5894378194207835,
    "auc": 0.691242772164877,
    "brier": 0.6080712600774767,
    "calibration_error": 0.11474982702069811,
  ]
  static let panel: [String: Double] = [
    "ic": 0.3953245036242513,
    "rank_ic": 0.3782351845158755,
    "icir": 2.2661261044964482,
    "rank_icir": 2.13412645704674,
  ]
  static let paired: [String: Double] = [
    "difference": -0.0025660126519674916,
    "error": 0.0006313172476184838,
    "freedom": 9.148189253551493,
    "half_width": 0.0014246201469920725,
    "p_difference": 0.0027284611849434093,
    "p_equivalence": 0.0018786642224777328,
    "kept": 0.9177764491021082,
    "kept_half_width": 0.04427535150455937,
  ]
}

/// The series of `benchmarks/peers/metrics.py`, with the same bits.
struct PeerSeries {
  private var source: SplitMix64

  init(seed: UInt64) {
    source = SplitMix64(state: seed)
  }

  mutating func uniform() -> Double { Double(source.next() >> 11) * 0x1p-53 }

  mutating func bell() -> Double { uniform() + uniform() + uniform() + uniform() - 2 }

  static func persistent(seed: UInt64, count: Int, memory: Double) -> [Double] {
    var draws = PeerSeries(seed: seed)
    var last = 0.0
    return (0..<count).map { _ in
      last = memory * last + 0.01 * draws.bell()
      return last + 0.0004
    }
  }

  static func probabilities(seed: UInt64, rows: Int, classes: Int) throws -> (ClassProbabilities, labels: [Int32]) {
    var draws = PeerSeries(seed: seed)
    var values: [Float] = []
    var labels: [Int32] = []
    for _ in 0..<rows {
      let weights = (0..<classes).map { _ in 1 + Int(64 * draws.uniform()) }
      let sum = Float(weights.reduce(0, +))
      values += weights.map { Float($0) / sum }
      let heaviest = weights.indices.reduce(0) { weights[$1] > weights[$0] ? $1 : $0 }
      labels.append(Int32(draws.uniform() < 0.4 ? heaviest : Int(Double(classes) * draws.uniform())))
    }
    return (try ClassProbabilities(values, classCount: classes), labels)
  }
}

/// Whether two figures agree to within a share of the greater; undefined ones only with undefined ones.
func agree(_ one: Double?, _ other: Double?, within bound: Double = 1e-12) -> Bool {
  guard let one, let other else { return one == nil && other == nil }
  return abs(one - other) <= bound * max(1, abs(other))
}
