import CPareInterface
import PareInference
import PareTensor

// The functions of pare.h that run a model. What each does stands there.

@c @implementation
public func pare_run(
  _ context: OpaquePointer?, _ features: UnsafePointer<Float>?, _ count: Int, _ decision: UnsafeMutablePointer<Int8>?,
  _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let context, let features else {
    decision?.pointee = ExecutionContext.invalidDecision
    return report(CInterfaceError.null(context == nil ? "context" : "features"), to: error)
  }
  return ContextHandle.with(context) { handle in
    guard count == handle.featureCount, count >= 0 else {
      decision?.pointee = ExecutionContext.invalidDecision
      return report(wrongCount(count, handle), to: error)
    }
    do {
      let made = try handle.context.run(features: features)
      decision?.pointee = made
      return pare_status(PARE_OK)
    } catch let failure {
      decision?.pointee = ExecutionContext.invalidDecision
      return report(failure, to: error)
    }
  }
}

@c @implementation
public func pare_run_rows(
  _ context: OpaquePointer?, _ features: UnsafePointer<Float>?, _ rows: Int, _ count: Int,
  _ decisions: UnsafeMutablePointer<Int8>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let decisions else { return report(CInterfaceError.null("decisions"), to: error) }
  return eachRow(context, features, rows, count, error) {
    // Until they are made; only where `rows` can be true.
    decisions.update(repeating: ExecutionContext.invalidDecision, count: rows)
  } body: { row, decision, _ in
    decisions[row] = decision
  }
}

@c @implementation
public func pare_run_rows_output(
  _ context: OpaquePointer?, _ features: UnsafePointer<Float>?, _ rows: Int, _ count: Int, _ output: Int,
  _ bytes: UnsafeMutableRawPointer?, _ byteCount: Int, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let context else { return report(CInterfaceError.null("context"), to: error) }
  let size: Int? = ContextHandle.with(context) { $0.outputs.indices.contains(output) ? $0.outputs[output].count : nil }
  guard let size else {
    return report(
      CInterfaceError("index", subject: "output \(UInt(bitPattern: output))", expected: "an index of an output"), to: error)
  }
  let needed = rows.multipliedReportingOverflow(by: size)
  guard rows >= 0, !needed.overflow, byteCount == needed.partialValue else {
    return report(
      CInterfaceError(
        "length", subject: "output \(output)",
        expected: "\(needed.overflow ? "fewer rows" : "\(needed.partialValue) bytes for \(rows) rows")",
        found: "\(UInt(bitPattern: byteCount))"),
      to: error)
  }
  guard bytes != nil || byteCount == 0 else { return report(CInterfaceError.null("bytes"), to: error) }
  return eachRow(context, features, rows, count, error) {
  } body: { row, _, handle in
    if let from = handle.outputs[output].baseAddress { bytes?.advanced(by: row * size).copyMemory(from: from, byteCount: size) }
  }
}

/// Runs row after row. `start` is called once the number of rows is known to be one that memory can hold.
@inline(__always)
private func eachRow(
  _ context: OpaquePointer?, _ features: UnsafePointer<Float>?, _ rows: Int, _ count: Int,
  _ error: UnsafeMutablePointer<pare_error>?, start: () -> Void, body: (Int, Int8, ContextHandle) -> Void
) -> pare_status {
  let total = rows.multipliedReportingOverflow(by: max(count, 1))
  guard rows >= 0, !total.overflow, total.partialValue <= Int.max / MemoryLayout<Float>.stride else {
    return report(
      CInterfaceError("length", subject: "rows", expected: "rows that memory can hold", found: "\(UInt(bitPattern: rows))"),
      to: error)
  }
  start()
  guard let context else { return report(CInterfaceError.null("context"), to: error) }
  guard features != nil || rows == 0 else { return report(CInterfaceError.null("features"), to: error) }
  return ContextHandle.with(context) { handle in
    guard count == handle.featureCount, count >= 0 else { return report(wrongCount(count, handle), to: error) }
    guard let features else { return pare_status(PARE_OK) }
    do {
      for row in 0..<rows { body(row, try handle.context.run(features: features + row * count), handle) }
      return pare_status(PARE_OK)
    } catch let failure {
      return report(failure, to: error)
    }
  }
}

@inline(never)
private func wrongCount(_ count: Int, _ handle: ContextHandle) -> CInterfaceError {
  CInterfaceError(
    "length", subject: "features",
    expected: handle.featureCount < 0 ? "a model with one float32 input" : "\(handle.featureCount)",
    found: handle.featureCount < 0 ? "another one" : "\(UInt(bitPattern: count))")
}

@c @implementation
public func pare_context_output(
  _ context: OpaquePointer?, _ output: Int, _ byteCount: UnsafeMutablePointer<Int>?
) -> UnsafeRawPointer? {
  byteCount?.pointee = 0
  guard let context else { return nil }
  return ContextHandle.with(context) { handle in
    guard handle.outputs.indices.contains(output) else { return nil }
    byteCount?.pointee = handle.outputs[output].count
    return handle.outputs[output].baseAddress
  }
}

@c @implementation
public func pare_run_values(
  _ context: OpaquePointer?, _ inputs: UnsafePointer<pare_input>?, _ inputCount: Int, _ outputs: UnsafePointer<pare_output>?,
  _ outputCount: Int, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let context else { return report(CInterfaceError.null("context"), to: error) }
  return ContextHandle.with(context) { handle in
    do {
      try handle.run(
        UnsafeBufferPointer(start: inputs, checkedCount: inputCount, "inputs"),
        UnsafeBufferPointer(start: outputs, checkedCount: outputCount, "outputs"))
      return pare_status(PARE_OK)
    } catch let failure {
      return report(failure, to: error)
    }
  }
}

extension ContextHandle {
  /// - Throws: `c.length`, `c.null`, `c.alignment`, before anything is written; what a reference step finds in its data.
  fileprivate func run(_ given: UnsafeBufferPointer<pare_input>, _ wanted: UnsafeBufferPointer<pare_output>) throws {
    try check(given.count, inputs.count, "inputs")
    if wanted.count != 0 { try check(wanted.count, outputs.count, "outputs") }
    for (index, output) in wanted.enumerated() where output.bytes != nil {
      try check(output.byte_count, outputs[index].count, "bytes of output \(index)")
    }
    for (input, from) in zip(inputs, given) {
      try check(from.byte_count, input.byteCount, "bytes of input '\(input.name)'")
      guard let bytes = from.bytes else {
        guard input.byteCount == 0 else { throw CInterfaceError.null("input '\(input.name)'") }
        continue
      }
      let alignment = input.elementType.byteCount
      guard UInt(bitPattern: bytes) % UInt(alignment) == 0 else {
        throw CInterfaceError(
          "alignment", subject: "input '\(input.name)'", expected: "an address that is a multiple of \(alignment)",
          found: "another one")
      }
    }
    var external: UnsafeRawPointer?
    for (input, from) in zip(inputs, given) {
      guard let to = input.bytes else {
        external = from.bytes
        continue
      }
      to.copyMemory(from: UnsafeRawBufferPointer(start: from.bytes, count: from.bytes == nil ? 0 : input.byteCount))
      input.elementType.makeValid(to)
    }
    try context.runOnBytes(external: external)
    for (output, to) in zip(outputs, wanted) {
      if let bytes = to.bytes, let from = output.baseAddress { bytes.copyMemory(from: from, byteCount: output.count) }
    }
  }

  private func check(_ found: Int, _ expected: Int, _ subject: String) throws {
    guard found == expected else {
      throw CInterfaceError("length", subject: subject, expected: "\(expected)", found: "\(UInt(bitPattern: found))")
    }
  }
}

extension ElementType {
  /// Makes each byte one that the type's elements may hold.
  fileprivate func makeValid(_ bytes: UnsafeMutableRawBufferPointer) {
    switch self {
    case .bool: for index in bytes.indices { bytes[index] = bytes[index] == 0 ? 0 : 1 }
    case .uint4: for index in bytes.indices { bytes[index] &= 0x0f }
    case .int4: for index in bytes.indices { bytes[index] = UInt8(bitPattern: Int8(bitPattern: bytes[index] << 4) >> 4) }
    default: break
    }
  }
}

extension UnsafeBufferPointer {
  /// - Throws: `c.length` for a count that no array has; `c.null`.
  fileprivate init(start: UnsafePointer<Element>?, checkedCount count: Int, _ argument: String) throws {
    guard (0...1 << 20).contains(count) else {
      throw CInterfaceError("length", subject: argument, expected: "a count of them", found: "\(UInt(bitPattern: count))")
    }
    guard start != nil || count == 0 else { throw CInterfaceError.null(argument) }
    self.init(start: start, count: count)
  }
}
