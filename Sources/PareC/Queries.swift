import CPareInterface

// The functions of pare.h that ask about a model. What each does stands there.

@c @implementation
public func pare_model_name(_ model: OpaquePointer?) -> UnsafePointer<CChar>? {
  model.flatMap { ModelHandle.with($0) { $0.name } }
}

@c @implementation
public func pare_model_description(_ model: OpaquePointer?) -> UnsafePointer<CChar>? {
  model.flatMap { ModelHandle.with($0) { $0.description } }
}

@c @implementation
public func pare_model_kernels(_ model: OpaquePointer?) -> UnsafePointer<CChar>? {
  model.flatMap { ModelHandle.with($0) { $0.kernels } }
}

@c @implementation
public func pare_model_byte_count(_ model: OpaquePointer?) -> Int {
  model.map { ModelHandle.with($0) { $0.plan.residentByteCount } } ?? 0
}

@c @implementation
public func pare_model_feature_count(_ model: OpaquePointer?) -> Int {
  model.flatMap { ModelHandle.with($0) { $0.featureCount } } ?? 0
}

@c @implementation
public func pare_model_decides(_ model: OpaquePointer?) -> Int32 {
  model.map { ModelHandle.with($0) { $0.decides ? 1 : 0 } } ?? 0
}

// MARK: sections

@c @implementation
public func pare_model_section_count(_ model: OpaquePointer?) -> Int {
  model.map { ModelHandle.with($0) { $0.sections.count } } ?? 0
}

@c @implementation
public func pare_model_section_name(_ model: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>? {
  model.flatMap { ModelHandle.with($0) { $0.sections.indices.contains(index) ? $0.sections[index].cName : nil } }
}

@c @implementation
public func pare_model_section(
  _ model: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ length: UnsafeMutablePointer<Int>?
) -> UnsafePointer<CChar>? {
  length?.pointee = 0
  guard let model, let name = name.flatMap({ String(validatingCString: $0) }) else { return nil }
  return ModelHandle.with(model) { handle in
    // By bytes: Swift's strings are equal where Unicode says so, names of sections are not.
    guard let section = handle.sections.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
    length?.pointee = section.byteCount
    return section.text
  }
}

// MARK: inputs and outputs

@c @implementation
public func pare_model_input_count(_ model: OpaquePointer?) -> Int {
  model.map { ModelHandle.with($0) { $0.inputs.count } } ?? 0
}

@c @implementation
public func pare_model_output_count(_ model: OpaquePointer?) -> Int {
  model.map { ModelHandle.with($0) { $0.outputs.count } } ?? 0
}

@c @implementation
public func pare_model_input(
  _ model: OpaquePointer?, _ index: Int, _ value: UnsafeMutablePointer<pare_value>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  describe(model, "input", \.inputs, index, value, error)
}

@c @implementation
public func pare_model_output(
  _ model: OpaquePointer?, _ index: Int, _ value: UnsafeMutablePointer<pare_value>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  describe(model, "output", \.outputs, index, value, error)
}

@c @implementation
public func pare_model_find_input(
  _ model: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ index: UnsafeMutablePointer<Int>?,
  _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  find(model, "input", { $0.plan.inputs.map(\.name) }, name, index, error)
}

@c @implementation
public func pare_model_find_output(
  _ model: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ index: UnsafeMutablePointer<Int>?,
  _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  find(model, "output", { $0.plan.outputs.map(\.name) }, name, index, error)
}

private func describe(
  _ model: OpaquePointer?, _ kind: String, _ values: KeyPath<ModelHandle, [pare_value]>, _ index: Int,
  _ value: UnsafeMutablePointer<pare_value>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let model else { return report(CInterfaceError.null("model"), to: error) }
  guard let value else { return report(CInterfaceError.null("value"), to: error) }
  return ModelHandle.with(model) { handle in
    let values = handle[keyPath: values]
    guard values.indices.contains(index) else {
      return report(
        CInterfaceError(
          "index", subject: "\(kind) \(UInt(bitPattern: index))", expected: "an index below \(values.count)"), to: error)
    }
    value.pointee = values[index]
    return pare_status(PARE_OK)
  }
}

private func find(
  _ model: OpaquePointer?, _ kind: String, _ names: (ModelHandle) -> [String], _ name: UnsafePointer<CChar>?,
  _ index: UnsafeMutablePointer<Int>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let model else { return report(CInterfaceError.null("model"), to: error) }
  guard let index else { return report(CInterfaceError.null("index"), to: error) }
  do {
    let name = try cText(name, "name")
    let names = ModelHandle.with(model, names)
    guard let found = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) else {
      throw CInterfaceError(
        "name", subject: "\(kind) '\(name.prefix(64))'", expected: names.prefix(8).joined(separator: ", "), found: "none")
    }
    index.pointee = found
    return pare_status(PARE_OK)
  } catch let failure {
    return report(failure, to: error)
  }
}
