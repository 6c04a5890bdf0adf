/// Keeps the rows of the newest candles and puts the newest denoised value in place of a row's numbers: column by column what
/// `WaveletDenoising.applied(to:)` ends with, to the bit (`RowDenoiserTests`).
///
/// The work per row is constant, whatever the values, and nothing is allocated once it exists.
struct RowDenoiser: Sendable {
  private typealias Block = DenoisingPlan.Block

  private let plan: DenoisingPlan
  /// Which numbers of a row are denoised.
  private let columns: [Int]
  private var planes: [Block]
  /// The plane of the newest row.
  private var newest: Int
  private var missing: Int

  /// - Parameter columns: which numbers of a row are denoised; the others pass as they are.
  init(_ denoising: WaveletDenoising, columns: [Int]) {
    plan = DenoisingPlan(denoising, blocks: (columns.count + Block.scalarCount - 1) / Block.scalarCount)
    self.columns = columns
    planes = Array(repeating: .zero, count: plan.planeCount * plan.blocks)
    newest = 2 * plan.window - 1
    missing = plan.window
  }

  /// Whether the row taken last was denoised.
  var isFull: Bool { missing == 0 }

  mutating func reset() { missing = plan.window }

  /// Takes the next row and, once the window is full, writes denoised numbers over those of the row.
  ///
  /// - Parameter row: a number per column of the schema.
  mutating func denoise(_ row: inout [Float]) {
    let window = plan.window
    newest = newest + 1 == 2 * window ? window : newest + 1
    for (place, column) in columns.enumerated() {
      let (block, lane) = (place / Block.scalarCount, place % Block.scalarCount)
      planes[newest * plan.blocks + block][lane] = Double(row[column])
      planes[(newest - window) * plan.blocks + block][lane] = Double(row[column])
    }
    missing = max(missing - 1, 0)
    guard isFull else { return }
    plan.run(on: &planes, newest: newest)
    for (place, column) in columns.enumerated() {
      row[column] = Float(planes[plan.result * plan.blocks + place / Block.scalarCount][place % Block.scalarCount])
    }
  }
}
