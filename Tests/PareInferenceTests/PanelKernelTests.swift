import CPareKernels
import Foundation
import PareTensor
import Testing

/// Rows of a panel, by every set of instructions that is here.
@Suite struct PanelKernelTests {
  private var variants: [UnsafePointer<pare_panel_kernels>] {
    (0..<pare_training_variant_count()).filter(pare_training_variant_is_supported).compactMap { pare_training_variant($0)?.pointee.panel }
  }

  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed, stream: "panel kernels")
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  @Test func columnsAreWeightedBySoftmaxOverTheirRows() throws {
    for kernels in variants {
      for columns in [1, 2, 3, 4, 5, 8, 9, 16] {
        for rows in [1, 2, 7, 8, 15, 16, 17, 33, 100] {
          let (x, values) = (Self.numbers(rows * columns, seed: 1).map { 3 * $0 }, Self.numbers(rows * columns, seed: 2))
          let bias = (0..<rows).map { Float($0 % 5 == 3 ? -1e9 : 0) }
          var found = [Float](repeating: .nan, count: columns)
          kernels.pointee.weighted_columns(x, bias, values, &found, rows, columns)
          for column in 0..<columns {
            let sums = (0..<rows).map { Double(x[$0 * columns + column] + bias[$0]) }
            let largest = sums.max() ?? 0
            let weights = sums.map { exp($0 - largest) }
            let total = weights.reduce(0, +)
            let terms = (0..<rows).map { weights[$0] / total * Double(values[$0 * columns + column]) }
            let bound = Double(rows + 16) * 0x1p-22 * terms.reduce(0) { $0 + $1.magnitude }
            #expect(abs(Double(found[column]) - terms.reduce(0, +)) <= bound, "\(String(cString: kernels.pointee.variant)): \(rows) × \(columns)")
          }
        }
      }
    }
  }

  /// Not in the least: where nothing else is there, it would show.
  @Test func aRowThatIsLeftOutWeighsNothing() {
    for kernels in variants {
      for columns in [1, 2, 4, 5, 8] {
        let values = (0..<40 * columns).map { Float($0 / columns == 3 ? 1e30 : 0) }
        let bias = (0..<40).map { Float($0 == 3 ? -1e9 : 0) }
        var found = [Float](repeating: .nan, count: columns)
        kernels.pointee.weighted_columns(Self.numbers(40 * columns, seed: 3), bias, values, &found, 40, columns)
        #expect(found.allSatisfy { $0 == 0 }, "\(String(cString: kernels.pointee.variant)): \(columns)")
      }
    }
  }

  /// The bits of plain C, with numbers that are none among them and without.
  @Test func presentRowsBecomeTheSameBytes() {
    for special in [nil, Float.nan, .infinity, -.infinity, 1e30, -1e30] {
      for (rows, columns) in [(1, 1), (5, 3), (9, 81), (40, 33), (7, 64)] {
        var x = Self.numbers(rows * columns, seed: 4)
        if let special { x[x.count / 2] = special }
        let condition = (0..<rows).map { UInt8($0 % 4 == 2 ? 0 : 1) }
        let found = variants.map { kernels -> ([UInt8], Bool) in
          var bytes = [UInt8](repeating: 7, count: rows * columns)
          let isFinite = kernels.pointee.present_u8(x, condition, 0.3, 25.5, 120, &bytes, rows, columns)
          return (bytes, isFinite != 0)
        }
        for one in found { #expect(one == found[0]) }
      }
    }
  }
}
