import PareTensor

/// The types of the operands of a selective scan.
struct ScanOperands {
  let x: ValueType
  let state: ValueType

  /// - Parameter first: the place of X among the node's inputs.
  /// - Throws: `graph.shape` for extents that do not fit each other.
  init(_ context: InferenceContext, first: Int) throws {
    x = try context.floatingPointInput(first)
    let a = try context.floatingPointInput(first + 2)
    guard x.rank >= 3, a.rank == 2 else {
      throw GraphError(
        "shape", node: context.node, expected: "X [batch, steps, …, channels] and A [states, channels]", found: "\(x) and \(a)")
    }
    let (places, states) = (Array(x.dimensions.dropLast()), a.dimensions[0])
    let channels = x.dimensions[x.rank - 1]
    state = ValueType(x.elementType, [places[0]] + places.dropFirst(2) + [states, channels])
    let byStep = ValueType(x.elementType, places + [states])
    let expected = [x, x, ValueType(x.elementType, [states, channels]), byStep, byStep, ValueType(x.elementType, [channels]), state]
    for (index, type) in expected.enumerated() where context.has(first + index) {
      let given = try context.floatingPointInput(first + index)
      guard given == type else {
        throw GraphError("shape", node: context.node, expected: "input \(first + index) of \(type)", found: "\(given)")
      }
    }
  }
}

/// The extents of a selective scan.
package struct ScanExtents: Sendable {
  package let batch, steps, lanes, channels, states: Int

  /// - Parameter first: the place of X among the node's inputs.
  package init(_ context: PreparationContext, first: Int) throws {
    let (x, a) = (try context.input(first).shape, try context.input(first + 2).shape)
    (batch, steps, states, channels) = (x[0], x[1], a[0], a[1])
    lanes = x.dimensions[2..<x.rank - 1].reduce(1, *)
  }

  /// Of a scan over X.
  init(_ x: Shape, states: Int) {
    (batch, steps, channels, self.states) = (x[0], x[1], x[x.rank - 1], states)
    lanes = x.dimensions[2..<x.rank - 1].reduce(1, *)
  }

  /// One channel of a lane.
  struct Channel {
    let batch, lane, channel: Int
    fileprivate let first, stride: Int

    /// The place of a number of its state in `[batch, …, states, channels]`.
    @inline(__always)
    func state(_ index: Int) -> Int { first + index * stride }
  }

  @inline(__always)
  func forEachChannel(_ body: (Channel) -> Void) {
    for row in 0..<batch {
      for lane in 0..<lanes {
        for channel in 0..<channels {
          let first = (row * lanes + lane) * states * channels + channel
          body(Channel(batch: row, lane: lane, channel: channel, first: first, stride: channels))
        }
      }
    }
  }

  @inline(__always)
  func row(_ channel: Channel, _ step: Int) -> Int { (channel.batch * steps + step) * lanes + channel.lane }

  /// One number of the state.
  struct Number {
    let batch, lane, channel, state: Int
    /// Its place in `[batch, …, states, channels]`.
    let place: Int
    /// That of its A.
    let rate: Int
  }

  @inline(__always)
  func forEachState(_ body: (Number) -> Void) {
    for row in 0..<batch {
      for lane in 0..<lanes {
        for channel in 0..<channels {
          for state in 0..<states {
            let rate = state * channels + channel
            let place = (row * lanes + lane) * states * channels + rate
            body(Number(batch: row, lane: lane, channel: channel, state: state, place: place, rate: rate))
          }
        }
      }
    }
  }

  /// Which row of X a number sees at a step.
  @inline(__always)
  func row(_ number: Number, _ step: Int) -> Int { (number.batch * steps + step) * lanes + number.lane }
}

/// Where the operands of a selective scan lie.
struct ScanInputs<Scalar: TensorElement> {
  let x, delta, a, b, c: UnsafePointer<Scalar>
  let d, state: UnsafePointer<Scalar>?

  init(_ buffers: EvaluationBuffers, first: Int, hasD: Bool, hasState: Bool) {
    x = buffers.input(first, as: Scalar.self)
    delta = buffers.input(first + 1, as: Scalar.self)
    a = buffers.input(first + 2, as: Scalar.self)
    b = buffers.input(first + 3, as: Scalar.self)
    c = buffers.input(first + 4, as: Scalar.self)
    d = hasD ? buffers.input(first + 5, as: Scalar.self) : nil
    state = hasState ? buffers.input(first + 6, as: Scalar.self) : nil
  }
}
