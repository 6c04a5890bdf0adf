import CPareKernels

/// The forms in which the weights of a product of one row can be packed, and which of them a cost table finds fastest.
struct ProductForms {
  /// A kernel of another form.
  struct Form {
    var operation: pare_operation
    /// Of a full product, where zeros are left out; nil where the whole is multiplied.
    var share: Double?

    var name: String { String(cString: pare_operation_name(operation)) }
  }

  /// Of all weights.
  var dense: pare_operation
  /// Of the dense product.
  var extent: StepExtent
  var others: [Form]

  /// What a step in a form does.
  func extent(of form: Form) -> StepExtent {
    var extent = extent
    extent.share = form.share ?? 1
    extent.formOf = .dense
    return extent
  }

  /// The fastest of the other forms; nil where dense is as fast. Measurements repeat within about a twentieth, so that a
  /// form has to be faster by more.
  func taken(_ kernels: KernelSelection) -> Form? {
    guard let best = fastest(kernels), best.nanoseconds < 0.95 * denseNanoseconds(kernels) else { return nil }
    return best.form
  }

  /// Of zeros that are left out or not, for people: which was taken and what either costs.
  func zerosRemark(_ kernels: KernelSelection) -> String {
    guard let (form, nanoseconds) = fastest(kernels) else {
      return "zeros multiplied: no form that leaves them out has a vector kernel here and a place in the cost table"
    }
    let dense = CostWords.nanoseconds(denseNanoseconds(kernels)), other = CostWords.nanoseconds(nanoseconds)
    let held = "with \(CostWords.share(form.share ?? 1)) of the product"
    return taken(kernels) != nil
      ? "zeros left out: \(other) ns \(held) against \(dense) dense, by the cost table"
      : "zeros multiplied: \(dense) ns dense against \(other) in \(form.name) \(held), by the cost table"
  }

  private func denseNanoseconds(_ kernels: KernelSelection) -> Double {
    kernels.costs.nanoseconds(Form(operation: dense).name, extent) ?? .infinity
  }

  /// Of the other forms that have a vector kernel and a place in the table.
  ///
  /// A table has times of half a product or less, which may lie in a cache that a whole one does not fit into: so no form
  /// is believed to multiply its share faster than the dense product does.
  private func fastest(_ kernels: KernelSelection) -> (form: Form, nanoseconds: Double)? {
    let dense = denseNanoseconds(kernels)
    return others.compactMap { form in
      guard kernels.hasVectorVariant(of: form.operation),
        let nanoseconds = kernels.costs.nanoseconds(form.name, extent(of: form))
      else { return nil }
      guard let share = form.share, dense.isFinite else { return (form, nanoseconds) }
      return (form, max(nanoseconds, share * dense))
    }.min { $0.1 < $1.1 }
  }
}
