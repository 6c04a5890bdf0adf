import PareGraph

/// What coding made of the parameters of one layer.
struct CodedBytes {
  private var before = 0
  private var after = 0
  private var numbers = 0
  /// Bits of the sections by the frequencies of their items (`ParameterStorage.entropyBits`).
  private var entropyBits = 0.0
  private var codedCount = 0

  mutating func add(_ before: ParameterStorage, _ after: ParameterStorage) {
    self.before += before.byteCount
    self.after += after.byteCount
    numbers += after.shape.elementCount
    entropyBits += after.entropyBits
    if after.coding != .none { codedCount += 1 }
  }

  func report(of layer: String) -> LayerReport {
    let bits = 8 * Double(after) / Double(max(numbers, 1))
    let rounded = (100 * bits).rounded() / 100
    return LayerReport(
      layer: layer,
      outcome: codedCount == 0
        ? "kept: a code would save less than it adds to the file" : "\(after) bytes for \(before), \(rounded) bits a number",
      figures: [
        "bytes_before": Double(before), "bytes": Double(after), "bits_per_number": bits,
        "entropy_bits_per_number": entropyBits / Double(max(numbers, 1)),
      ])
  }
}

extension ParameterStorage {
  /// Bits of the sections if each item took as many as its frequency in the section has: Σ log2(count of all / count of its value). Items
  /// of more than eight bits count by bytes; a table counts whole.
  package var entropyBits: Double {
    plainSections.reduce(0) { $0 + ($1.isCodable ? $1.entropyBits : Double(8 * $1.tensor.byteCount)) }
  }
}
