extension ErrorMeasure {
  /// Of outputs, with each column's mean over the rows, as the reference has it, taken off both: what varies is what
  /// decides.
  ///
  /// - Parameter columns: numbers of a row; both are row-major.
  /// - Precondition: equally many numbers.
  package init(ofOutputs approximation: [Double], against reference: [Double], columns: Int) {
    let columns = max(columns, 1)
    var means = [Double](repeating: 0, count: columns)
    for (index, value) in reference.enumerated() { means[index % columns] += value }
    let rows = Double(max(reference.count / columns, 1))
    func centred(_ values: [Double]) -> [Double] {
      values.enumerated().map { $1 - means[$0 % columns] / rows }
    }
    self.init(of: centred(approximation), against: centred(reference))
  }

  /// The signal-to-noise ratio as limits compare it: infinite where nothing differs; nil where there is no signal.
  package var comparableDecibels: Double? {
    noiseEnergy == 0 && count > 0 ? .infinity : signalToNoiseDecibels
  }
}
