import CPareKernels
import PareTensor
import PareTraining
import Testing

/// Every variant of the recurrent kernels against plain C, to the bit.
struct RecurrentKernelTests {
  private struct Extents: Sendable, CustomTestStringConvertible {
    let rows: Int, features: Int, hidden: Int
    var testDescription: String { "\(rows) rows, \(features) features, \(hidden) units" }
    var padded: Int { (hidden + Int(PARE_RECURRENT_PADDING) - 1) / Int(PARE_RECURRENT_PADDING) * Int(PARE_RECURRENT_PADDING) }
  }

  private static let extents = [
    Extents(rows: 1, features: 1, hidden: 1), Extents(rows: 7, features: 3, hidden: 5), Extents(rows: 2, features: 20, hidden: 16),
    Extents(rows: 13, features: 5, hidden: 33), Extents(rows: 6, features: 17, hidden: 24),
  ]

  private let plain: TrainingKernels
  init() throws { plain = try #require(TrainingKernels.variants.first?.kernels) }

  private func kernels(_ name: String) throws -> TrainingKernels {
    guard let kernels = TrainingKernels.variants.first(where: { $0.name == name })?.kernels else {
      try Test.cancel("this processor has no \(name)")
    }
    return kernels
  }

  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  private func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern } }

  @Test(arguments: TrainingKernels.variants.map(\.name), [4, 3])
  func stepsEqualPlainC(variant: String, gates: Int) throws {
    let other = try kernels(variant)
    for e in Self.extents {
      for hasState in [false, true] {
        let expected = runStep(plain, e, gates, hasState)
        #expect(runStep(other, e, gates, hasState) == expected, "\(e.testDescription)")
        // Canaries at the end of each array are untouched.
        #expect(expected.suffix(3).allSatisfy { $0 == Float(777).bitPattern })
      }
    }
  }

  /// y, the gates and the cell after a step, and a canary of each.
  private func runStep(_ kernels: TrainingKernels, _ e: Extents, _ gates: Int, _ hasState: Bool) -> [UInt32] {
    func packed(_ w: [Float], _ gates: Int, _ depth: Int) -> [Float] {
      var panels = [Float](repeating: 555, count: gates * e.padded * depth)
      kernels.recurrent.pack(w, &panels, gates, e.hidden, depth)
      return panels
    }
    let inputPanels = packed(numbers(gates * e.hidden * e.features, 1), gates, e.features)
    let statePanels = packed(numbers(gates * e.hidden * e.hidden, 2), gates, e.hidden)
    let bias = packed(numbers(4 * e.hidden, 3), 4, 1)
    var x = numbers(e.rows * (e.features + 2), 4)
    if gates == 4 { x[0] = .nan }
    let (h, c) = (numbers(e.rows * e.hidden, 5), numbers(e.rows * e.hidden, 6))
    var y = [Float](repeating: 0, count: e.rows * e.hidden) + [777]
    var next = y
    var kept = [Float](repeating: 0, count: e.rows * 4 * e.hidden) + [777]
    var step = pare_recurrent_step()
    (step.rows, step.features, step.hidden) = (e.rows, e.features, e.hidden)
    (step.x_stride, step.h_stride, step.c_stride, step.y_stride) = (e.features + 2, e.hidden, e.hidden, e.hidden)
    (step.c_next_stride, step.gates_stride) = (e.hidden, 4 * e.hidden)
    inputPanels.withUnsafeBufferPointer { inputPanels in
      statePanels.withUnsafeBufferPointer { statePanels in
        bias.withUnsafeBufferPointer { bias in
          x.withUnsafeBufferPointer { x in
            h.withUnsafeBufferPointer { h in
              c.withUnsafeBufferPointer { c in
                y.withUnsafeMutableBufferPointer { y in
                  next.withUnsafeMutableBufferPointer { next in
                    kept.withUnsafeMutableBufferPointer { kept in
                      (step.input_panels, step.state_panels) = (inputPanels.baseAddress, statePanels.baseAddress)
                      (step.bias, step.x) = (bias.baseAddress, x.baseAddress)
                      if hasState { (step.h, step.c) = (h.baseAddress, c.baseAddress) }
                      (step.y, step.c_next, step.gates) = (y.baseAddress, next.baseAddress, kept.baseAddress)
                      if gates == 4 { kernels.recurrent.lstm(&step) } else { kernels.recurrent.gru(&step) }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    let canaries = [y.removeLast(), next.removeLast(), kept.removeLast()]
    return bits(y + next + kept + canaries)
  }

  @Test(arguments: TrainingKernels.variants.map(\.name), [4, 3])
  func stepGradientsEqualPlainC(variant: String, gates: Int) throws {
    let other = try kernels(variant)
    for e in Self.extents {
      for hasOutputGradient in [false, true] {
        #expect(
          runGradient(other, e, gates, hasOutputGradient) == runGradient(plain, e, gates, hasOutputGradient),
          "\(e.testDescription)")
      }
    }
  }

  private func runGradient(_ kernels: TrainingKernels, _ e: Extents, _ gates: Int, _ hasOutputGradient: Bool) -> [UInt32] {
    /// Rows with zeros behind the last unit.
    func padded(_ seed: UInt64) -> [Float] {
      let values = numbers(e.rows * e.hidden, seed)
      return (0..<e.rows).flatMap {
        values[$0 * e.hidden..<($0 + 1) * e.hidden] + [Float](repeating: 0, count: e.padded - e.hidden)
      }
    }
    let trace = numbers(e.rows * 5 * e.hidden, 1)
    let (h, c, dy) = (padded(2), padded(3), numbers(e.rows * e.hidden, 4))
    var (dh, dc) = (padded(5), padded(6))
    var products = [Float](repeating: 0, count: e.rows * (4 * e.padded + 16))
    var sums = [Float](repeating: 0, count: 4 * e.padded)
    let active = (0..<e.rows).map { UInt8($0 == 3 ? 0 : 1) }
    var step = pare_recurrent_step_gradient()
    (step.rows, step.hidden, step.padded) = (e.rows, e.hidden, e.padded)
    (step.gates_stride, step.dy_stride, step.products_stride) = (5 * e.hidden, e.hidden, 4 * e.padded + 16)
    trace.withUnsafeBufferPointer { trace in
      h.withUnsafeBufferPointer { h in
        c.withUnsafeBufferPointer { c in
          dy.withUnsafeBufferPointer { dy in
            active.withUnsafeBufferPointer { active in
              dh.withUnsafeMutableBufferPointer { dh in
                dc.withUnsafeMutableBufferPointer { dc in
                  products.withUnsafeMutableBufferPointer { products in
                    sums.withUnsafeMutableBufferPointer { sums in
                      (step.gates, step.h, step.c) = (trace.baseAddress, h.baseAddress, c.baseAddress)
                      (step.dy, step.active) = (hasOutputGradient ? dy.baseAddress : nil, active.baseAddress)
                      (step.dh, step.dc, step.products, step.sums) = (
                        dh.baseAddress, dc.baseAddress, products.baseAddress, sums.baseAddress
                      )
                      if gates == 4 { kernels.recurrent.lstm_gradient(&step) } else { kernels.recurrent.gru_gradient(&step) }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return bits(dh + dc + products + sums)
  }

  @Test(arguments: TrainingKernels.variants.map(\.name))
  func productsEqualPlainC(variant: String) throws {
    let other = try kernels(variant)
    for (rows, columns, depth) in [(1, 16, 1), (7, 64, 5), (13, 112, 131), (6, 32, 300)] {
      let (a, b, c) = (numbers(rows * depth, 1), numbers(depth * (columns + 3), 2), numbers(rows * columns, 3))
      for isTransposed in [false, true] {
        func product(_ kernels: TrainingKernels) -> [UInt32] {
          var c = c
          kernels.recurrent.accumulate_product(
            a, isTransposed ? 1 : depth, isTransposed ? rows : 1, b, columns + 3, &c, columns, rows, columns, depth)
          return bits(c)
        }
        #expect(product(other) == product(plain), "\(rows)×\(columns)×\(depth)")
      }
    }
  }
}
