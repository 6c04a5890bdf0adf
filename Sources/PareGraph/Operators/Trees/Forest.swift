import PareTensor

/// Trees laid out to be walked: one record per node, in memory of its own.
///
/// Not for use from several threads at once: it notes which targets of a row got a weight.
final class Forest<Scalar: FloatingPointElement>: @unchecked Sendable {
  private struct Split {
    let threshold: Scalar
    let feature: Int32
    let comparison: TreeComparison
    let missingIsTrue: Bool
    let trueBranch: Int32
    let falseBranch: Int32
  }

  private struct Entry {
    let target: Int32
    let weight: Scalar
  }

  private let splits: UnsafeMutableBufferPointer<Split>
  private let roots: UnsafeMutableBufferPointer<Int32>
  private let offsets: UnsafeMutableBufferPointer<Int32>
  private let entries: UnsafeMutableBufferPointer<Entry>
  private let hasWeight: UnsafeMutableBufferPointer<Bool>
  private let aggregate: TreeEnsemble.Aggregate
  private let targetCount: Int

  /// - Parameter structure: checked, so that every index is in range and every path ends.
  init(_ structure: TreeStructure<Scalar>, aggregate: TreeEnsemble.Aggregate, targetCount: Int) {
    func room<Element>(_ elements: some Collection<Element>) -> UnsafeMutableBufferPointer<Element> {
      let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
      _ = memory.initialize(from: elements)
      return memory
    }
    splits = room(
      structure.features.indices.map { index in
        Split(
          threshold: structure.thresholds[index], feature: structure.features[index],
          comparison: TreeComparison(rawValue: structure.modes[index]) ?? .lessOrEqual,
          missingIsTrue: structure.missing[index] != 0, trueBranch: structure.trueBranches[index],
          falseBranch: structure.falseBranches[index])
      })
    roots = room(structure.roots)
    offsets = room(structure.leafOffsets)
    entries = room(zip(structure.targets, structure.weights).map { Entry(target: $0, weight: $1) })
    hasWeight = room(repeatElement(false, count: targetCount))
    self.aggregate = aggregate
    self.targetCount = targetCount
  }

  deinit {
    splits.deallocate()
    roots.deallocate()
    offsets.deallocate()
    entries.deallocate()
    hasWeight.deallocate()
  }

  /// One row of features to one value per target.
  func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    switch aggregate {
    case .sum: sum(x, into: y)
    case .average:
      sum(x, into: y)
      for target in 0..<targetCount where !roots.isEmpty { y[target] /= Scalar(roots.count) }
    case .minimum: select(x, into: y) { $0 < $1 }
    case .maximum: select(x, into: y) { $0 > $1 }
    }
  }

  private func sum(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    y.update(repeating: 0, count: targetCount)
    for root in roots {
      for position in leafEntries(root, x) { y[Int(entries[position].target)] += entries[position].weight }
    }
  }

  /// Keeps the weight of each target that no other `precedes`.
  @inline(__always)
  private func select(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, _ precedes: (Scalar, Scalar) -> Bool
  ) {
    y.update(repeating: 0, count: targetCount)
    hasWeight.update(repeating: false)
    for root in roots {
      for position in leafEntries(root, x) {
        let (target, weight) = (Int(entries[position].target), entries[position].weight)
        if !hasWeight[target] || precedes(weight, y[target]) { y[target] = weight }
        hasWeight[target] = true
      }
    }
  }

  /// The entries of the leaf to which a row falls.
  @inline(__always)
  private func leafEntries(_ root: Int32, _ x: UnsafePointer<Scalar>) -> Range<Int> {
    var branch = root
    while branch >= 0 {
      let split = splits[Int(branch)]
      let value = x[Int(split.feature)]
      let isTrue = split.comparison.holds(value, split.threshold) || split.missingIsTrue && value.isNaN
      branch = isTrue ? split.trueBranch : split.falseBranch
    }
    let leaf = Int(-1 - branch)
    return Int(offsets[leaf])..<Int(offsets[leaf + 1])
  }
}
