import Foundation

/// Student's t with `ν ≥ 3` degrees of freedom, scaled to variance 1.
package struct StudentT: Sendable {
  package let degreesOfFreedom: Int
  private let logConstant: Double
  /// The distribution function at `−range + i · step`.
  private let distribution: [Double]
  private static let range = 40.0
  private static let step = 1.0 / 128

  package init(degreesOfFreedom: Int) {
    self.degreesOfFreedom = degreesOfFreedom
    let nu = Double(degreesOfFreedom)
    // Γ is finite up to 171, and ν is at most 100.
    let gammas: Double = tgamma((nu + 1) / 2) / tgamma(nu / 2)
    let logConstant: Double = log(gammas / (Double.pi * (nu - 2)).squareRoot())
    self.logConstant = logConstant
    let half = QuantileTable.cumulative(from: 0, step: Self.step, cells: Int(Self.range / Self.step)) { x in
      exp(logConstant - (nu + 1) / 2 * log1p(x * x / (nu - 2)))
    }
    distribution = half.dropFirst().reversed().map { 0.5 - $0 } + half.map { 0.5 + $0 }
  }

  /// Natural logarithm of the density at `x`.
  package func logDensity(_ x: Double) -> Double {
    let nu = Double(degreesOfFreedom)
    return logConstant - (nu + 1) / 2 * log1p(x * x / (nu - 2))
  }

  /// `P(X ≤ x)`, by linear interpolation of a table of step 1/128: off by at most 10⁻⁵ (`StudentTTests`).
  @inline(__always)
  package func cumulative(_ x: Double) -> Double {
    guard x > -Self.range else { return 0 }
    guard x < Self.range else { return 1 }
    let position = (x + Self.range) / Self.step
    let cell = min(Int(position), distribution.count - 2)
    let weight = position - Double(cell)
    return distribution[cell] + weight * (distribution[cell + 1] - distribution[cell])
  }
}

/// Quantiles at the middles of `2¹⁵` equally likely cells, from which a draw is one look-up.
///
/// The distribution function of such a draw differs from the true one by at most `2⁻¹⁶`.
package struct QuantileTable: Sendable {
  package static let bits = 15
  package let values: [Double]

  /// - Parameter density: need not be normalized; its mass outside `lower ... upper` is left out.
  package init(lower: Double, upper: Double, density: (Double) -> Double) {
    let cells = 1 << 16
    let step = (upper - lower) / Double(cells)
    let mass = Self.cumulative(from: lower, step: step, cells: cells, density)
    let count = 1 << Self.bits
    var values: [Double] = []
    values.reserveCapacity(count)
    var cell = 0
    for index in 0..<count {
      let wanted = mass[cells] * (Double(index) + 0.5) / Double(count)
      while cell + 1 < cells, mass[cell + 1] < wanted { cell += 1 }
      let weight = (wanted - mass[cell]) / (mass[cell + 1] - mass[cell])
      values.append(lower + step * (Double(cell) + weight))
    }
    self.values = values
  }

  /// Integrals from `from` to each cell's edge by Simpson's rule, `cells + 1` of them.
  static func cumulative(from: Double, step: Double, cells: Int, _ density: (Double) -> Double) -> [Double] {
    var sums = [0.0]
    sums.reserveCapacity(cells + 1)
    var left = density(from)
    var total = 0.0
    for cell in 0..<cells {
      let edge = from + step * Double(cell)
      let right = density(edge + step)
      total += step / 6 * (left + 4 * density(edge + step / 2) + right)
      sums.append(total)
      left = right
    }
    return sums
  }
}

/// Distribution function of a sum of independent, identical `StudentT` variables.
///
/// - Source: inversion of the characteristic function, Gil-Pelaez 1951, doi:10.1093/biomet/38.3-4.481:
///   `F(x) = ½ + (1/π)·∫₀^∞ φ(u)ⁿ·sin(u·x)/u du`.
package struct SumDistribution: Sendable {
  private let distribution: [Double]
  private let range: Double
  private let step: Double

  package init(_ student: StudentT, terms: Int) {
    let width = Double(terms).squareRoot()
    // φ(u)ⁿ is below 10⁻¹⁰ beyond this frequency for every ν that is allowed.
    let nodes = 400
    let spacing = 24 / width / Double(nodes)
    let reach = 60.0
    let points = 3_000
    // Trapezoids: exponentially exact for a smooth density on the whole line.
    let weights = (0...points).map { point in
      exp(student.logDensity(reach * Double(point) / Double(points))) * reach / Double(points) * (point == 0 ? 1 : 2)
    }
    let characteristic = (1...nodes).map { node in
      let u = spacing * Double(node)
      let value = weights.indices.reduce(0.0) { sum, point in
        sum + weights[point] * cos(u * reach * Double(point) / Double(points))
      }
      return pow(value, Double(terms))
    }
    range = 10 * width
    step = width / 64
    let (range, step) = (self.range, self.step)
    distribution = (0...1_280).map { index in
      let x = step * Double(index) - range
      var integral = spacing * x / 2
      for node in 1...nodes {
        let u = spacing * Double(node)
        integral += spacing * characteristic[node - 1] * sin(u * x) / u
      }
      return 0.5 + integral / .pi
    }
  }

  /// `P(sum ≤ x)`, by linear interpolation.
  @inline(__always)
  package func cumulative(_ x: Double) -> Double {
    let position = (x + range) / step
    guard position > 0 else { return 0 }
    let cell = Int(position)
    guard cell + 1 < distribution.count else { return 1 }
    return distribution[cell] + (position - Double(cell)) * (distribution[cell + 1] - distribution[cell])
  }
}
