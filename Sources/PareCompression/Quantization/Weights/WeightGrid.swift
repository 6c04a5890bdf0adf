import PareTensor

/// The numbers that integers can stand for, for each weight of a matrix: `S · (q − Z)` with S and Z of the weight's block.
///
/// A block is the whole matrix, an output, or a run of inputs of an output (a group). The scale of a group is that of its
/// output times an integer of 8 bits, as `docs/integer-arithmetic.md`, §13, has it; it is rounded up, so that the block stays
/// covered. Blocks of zeros get a scale that arithmetic can use.
///
/// - Bound: a weight is within S / 2 of a number of its block's.
/// - Source: Jacob et al. 2018, arXiv:1712.05877, §2.1; Dettmers et al. 2023, arXiv:2305.14314, §3 (scales of scales).
struct WeightGrid: Sendable {
  let format: IntegerFormat
  let granularity: TensorScheme.Granularity
  let rows: Int
  let columns: Int
  /// One for each output, or a single one.
  let scales: [Float]
  /// Row-major `[outputs, groups]`; empty without groups.
  let multipliers: [UInt8]
  /// One for each block; empty where symmetric.
  let zeroPoints: [Int16]

  /// - Parameter smallestScales: for each output, below what its scale shall not fall.
  init(
    _ matrix: WeightMatrix, _ scheme: TensorScheme, bits: Int, smallestScales: [Double]? = nil
  ) {
    let format = scheme.integers(bits: bits, usual: .signed)
    let isSymmetric = scheme.symmetry == .symmetric
    let steps = Double(isSymmetric ? format.range.upperBound - format.middle : format.range.count - 1)
    let size = scheme.granularity.groupSize ?? matrix.columns
    let groups = scheme.granularity.groupSize == nil ? 1 : (matrix.columns + size - 1) / size
    var ranges: [ClosedRange<Double>] = []
    for row in 0..<matrix.rows {
      for group in 0..<groups {
        let range = matrix.range(row: row, columns: group * size..<min((group + 1) * size, matrix.columns))
        ranges.append(min(range.lowerBound, 0)...max(range.upperBound, 0))
      }
    }
    if scheme.granularity == .perTensor {
      ranges = [(ranges.map(\.lowerBound).min() ?? 0)...(ranges.map(\.upperBound).max() ?? 0)]
    }
    func width(_ range: ClosedRange<Double>) -> Double {
      isSymmetric ? max(-range.lowerBound, range.upperBound) : range.upperBound - range.lowerBound
    }
    let perRow = scheme.granularity == .perTensor ? ranges.count : groups
    let parts = scheme.granularity.groupSize == nil ? 1.0 : 255
    // Weights that are whole multiples of a power of two already, few enough of them, keep their values.
    let grid = isSymmetric && scheme.granularity.groupSize == nil ? matrix.largestCommonStep : nil
    scales = stride(from: 0, to: ranges.count, by: perRow).enumerated().map { row, first in
      let widest = ranges[first..<first + perRow].map(width).max() ?? 0
      guard widest > 0 else { return 1 }
      let floor = scheme.granularity == .perTensor ? smallestScales?.max() : smallestScales?[row]
      if let grid, widest <= steps * grid, grid >= floor ?? 0 { return Float(grid) }
      let scale = AffineMap.scale(max(widest / steps / parts, floor ?? 0))
      // Rounded up, the outermost number of a range that ends where Float32 does would be infinite.
      return widest > Double(Float.greatestFiniteMagnitude) / 2 ? scale.nextDown : scale
    }
    multipliers = scheme.granularity.groupSize == nil ? [] : ranges.enumerated().map { [scales] block, range in
      let exact = width(range) / steps / Double(scales[block / groups])
      // A group of zeros, too, has a scale that DequantizeLinear takes.
      return UInt8(min(max((exact * (1 - 0x1p-20)).rounded(.up), 1), 255))
    }
    self.format = format
    granularity = scheme.granularity
    (rows, columns) = (matrix.rows, matrix.columns)
    zeroPoints = isSymmetric ? [] : ranges.enumerated().map { [scales, multipliers] block, range in
      let scale = multipliers.isEmpty ? scales[block] : Float(multipliers[block]) * scales[block / groups]
      return Int16(AffineMap.zeroPoint(range.lowerBound, scale, format.range))
    }
  }

  /// Inputs of a block.
  var blockSize: Int { granularity.groupSize ?? columns }
  /// Blocks of an output.
  var groupCount: Int { (columns + blockSize - 1) / blockSize }

  /// Which block a weight belongs to.
  @inline(__always)
  func block(_ row: Int, _ column: Int) -> Int {
    granularity == .perTensor ? 0 : multipliers.isEmpty ? row : row * groupCount + column / blockSize
  }

  /// S, as DequantizeLinear has it: the product with a multiplier is rounded to Float32.
  @inline(__always)
  func scale(_ row: Int, _ column: Int) -> Float {
    guard !multipliers.isEmpty else { return scales[granularity == .perTensor ? 0 : row] }
    return Float(multipliers[block(row, column)]) * scales[row]
  }

  /// Z.
  @inline(__always)
  func zeroPoint(_ row: Int, _ column: Int) -> Int {
    zeroPoints.isEmpty ? format.middle : Int(zeroPoints[block(row, column)])
  }

  /// `w / S + Z`.
  @inline(__always)
  func level(_ weight: Double, _ row: Int, _ column: Int) -> Double {
    weight / Double(scale(row, column)) + Double(zeroPoint(row, column))
  }

  /// The nearest integer to a level, saturating; half to even, about Z.
  @inline(__always)
  func nearest(_ weight: Double, _ row: Int, _ column: Int) -> Int16 {
    let steps = (weight / Double(scale(row, column))).rounded(.toNearestOrEven)
    return clamped(steps + Double(zeroPoint(row, column)))
  }

  @inline(__always)
  func clamped(_ level: Double) -> Int16 {
    Int16(min(max(level, Double(format.range.lowerBound)), Double(format.range.upperBound)))
  }

  /// The integer, or the next one towards Z where what it stands for leaves Float32, as only the ends of a range can that reach as far.
  @inline(__always)
  func finite(_ integer: Int16, _ row: Int, _ column: Int) -> Int16 {
    let zero = zeroPoint(row, column)
    guard !(Float(Int(integer) - zero) * scale(row, column)).isFinite else { return integer }
    return integer + (Int(integer) < zero ? 1 : -1)
  }

  /// `S · (q − Z)`, exact.
  @inline(__always)
  func real(_ integer: Int16, _ row: Int, _ column: Int) -> Double {
    Double(scale(row, column)) * Double(Int(integer) - zeroPoint(row, column))
  }
}
