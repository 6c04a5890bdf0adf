import PareTensor

/// What kernels take on one class of processor: measured once (`pare bench --calibrate`), then read, so that what is
/// decided by latency can be decided again with the same result.
///
/// The planner takes from it which form of a layer's weights is fastest, and an estimate of each step. Between measured
/// extents the time is interpolated along each of them (a product's is nearly a + b · inputs · outputs); beyond the last it
/// grows with the extent, below the first it stays.
public struct CostTable: Sendable, Hashable {
  /// What it was measured on, for people.
  public let processor: String
  /// The instruction set that the kernels were held to.
  public let kernels: InstructionSet
  /// Nanoseconds that a decision takes besides its steps.
  public let entry: Double
  /// By operation, as kernels are called: `dense_f32`.
  let grids: [String: CostGrid]

  init(processor: String, kernels: InstructionSet, entry: Double, grids: [String: CostGrid]) {
    (self.processor, self.kernels, self.entry, self.grids) = (processor, kernels, entry, grids)
  }

  /// A pass over elements whose operation was not measured takes what this one does.
  static let ordinaryPass = "relu"

  /// Operations that were measured.
  public var operations: [String] { grids.keys.sorted() }

  /// Estimated nanoseconds of a kernel; nil where the table does not know it and it is no pass over elements.
  func nanoseconds(_ operation: String, _ extent: StepExtent) -> Double? {
    let grid = grids[operation] ?? (extent.inputs == 1 ? grids[Self.ordinaryPass] : nil)
    return grid.map { extent.times * extent.share * $0.nanoseconds(inputs: extent.inputs, outputs: extent.outputs) }
  }

  /// Nanoseconds that reading a part of a plan's weights takes at least, from where all of them together fit: at the rate of
  /// a Float32 product of as many bytes.
  func nanoseconds(_ reading: WeightReading) -> Double {
    guard let dense = grids[StepExtent.Float32Layer.dense.operation], reading.bytes > 0 else { return 0 }
    let width = max((Double(reading.ofPlan) / 4).squareRoot(), 1)
    // Below, everything is in the first cache, and arithmetic what counts.
    guard reading.ofPlan > 1 << 15 else { return 0 }
    let extent = Int(width)
    return dense.nanoseconds(inputs: extent, outputs: extent) / (4 * width * width) * Double(reading.bytes)
  }

  /// The same table with forms at other costs.
  func replacing(_ operation: String, by grid: CostGrid) -> CostTable {
    CostTable(processor: processor, kernels: kernels, entry: entry, grids: grids.merging([operation: grid]) { $1 })
  }

  /// `fnv1a64:` and 16 hexadecimal digits over the table as it is written: what provenance names it by.
  public var digest: String {
    var fingerprint = Fingerprint()
    fingerprint.add(encoded())
    return "fnv1a64:" + fingerprint.digits
  }
}

/// Nanoseconds over extents.
struct CostGrid: Sendable, Hashable {
  /// Ascending.
  let inputs: [Int]
  /// Ascending.
  let outputs: [Int]
  /// Row-major `[inputs, outputs]`, all above 0.
  let nanoseconds: [Double]

  /// The same for every extent.
  static func constant(_ nanoseconds: Double) -> CostGrid { CostGrid(inputs: [1], outputs: [1], nanoseconds: [nanoseconds]) }

  func nanoseconds(inputs wantedInputs: Int, outputs wantedOutputs: Int) -> Double {
    let row = Self.position(of: wantedInputs, in: inputs)
    let column = Self.position(of: wantedOutputs, in: outputs)
    func along(_ row: Int) -> Double {
      let low = nanoseconds[row * outputs.count + column.index]
      guard column.share > 0 else { return low }
      return low + column.share * (nanoseconds[row * outputs.count + column.index + 1] - low)
    }
    let low = along(row.index)
    let value = row.share > 0 ? low + row.share * (along(row.index + 1) - low) : low
    return value * row.beyond * column.beyond
  }

  /// After which extent of an axis another lies, what share of the way to the next, and how many times the last it is.
  private static func position(of extent: Int, in axis: [Int]) -> (index: Int, share: Double, beyond: Double) {
    guard axis.count > 1, extent > axis[0] else { return (0, 0, 1) }
    guard let above = axis.firstIndex(where: { $0 >= extent }) else {
      return (axis.count - 1, 0, Double(extent) / Double(axis[axis.count - 1]))
    }
    return (above - 1, Double(extent - axis[above - 1]) / Double(axis[above] - axis[above - 1]), 1)
  }
}
