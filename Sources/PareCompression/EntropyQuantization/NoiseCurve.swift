import RealModule

/// What rounding a tensor costs the scores, by the squared error of its numbers: measured at a middling step, and where nothing of the tensor
/// is left, which says what it means that it is there.
///
/// Below the first point noise grows with the squared error; from there to the second as a straight line between logarithms. Numbers that lie
/// on a grid already have no error at a middling step; then the next coarser one that has any is measured.
package struct NoiseCurve {
  private let middle: (error: Double, noise: Double)
  /// How fast the noise grows beyond the middle: the exponent of the squared error.
  private let growth: Double

  /// - Parameters:
  ///   - errors: of the steps, from the finest to the coarsest.
  ///   - measured: the noise at a step.
  package init(_ errors: [Double], measured: (Int) throws -> Double) rethrows {
    guard let place = errors.indices.dropFirst(errors.count / 2).first(where: { errors[$0] > 0 }), let end = errors.last else {
      (middle, growth) = ((1, 0), 1)
      return
    }
    middle = (errors[place], try measured(place))
    guard end > errors[place], middle.noise > 0 else {
      growth = 1
      return
    }
    let last = try measured(errors.count - 1)
    growth = last > middle.noise ? max(Double.log(last / middle.noise) / Double.log(end / middle.error), 1) : 1
  }

  package func noise(at error: Double) -> Double {
    guard error > 0 else { return 0 }
    return middle.noise * .pow(error / middle.error, error > middle.error ? growth : 1)
  }
}
