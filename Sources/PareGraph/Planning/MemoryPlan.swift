/// Where each of several buffers lies in one arena, given when each is needed.
///
/// Buffers whose lifetimes overlap never overlap in memory. First fit by falling size (Sekiyama et al. 2018,
/// arXiv:1804.10001, call it best-fit for offset calculation); the result depends only on the requests.
public struct MemoryPlan: Sendable {
  /// A buffer that is needed from the step `lifetime.lowerBound` to the step `lifetime.upperBound`, both included.
  public struct Request: Sendable {
    public var byteCount: Int
    public var lifetime: ClosedRange<Int>

    public init(byteCount: Int, lifetime: ClosedRange<Int>) {
      self.byteCount = byteCount
      self.lifetime = lifetime
    }
  }

  /// Every buffer starts at a multiple of this: a cache line, and the widest vector.
  public static let alignment = 64

  /// Byte offset of each request's buffer.
  public let offsets: [Int]
  /// Bytes of the arena.
  public let byteCount: Int

  public init(_ requests: [Request]) {
    let sizes = requests.map { ($0.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment }
    let order = requests.indices.sorted {
      sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : $0 < $1
    }
    var offsets = [Int](repeating: 0, count: requests.count)
    var placed: [Int] = []
    for index in order where sizes[index] > 0 {
      let neighbours = placed
        .filter { requests[$0].lifetime.overlaps(requests[index].lifetime) }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for neighbour in neighbours where offset + sizes[index] > offsets[neighbour] {
        offset = max(offset, offsets[neighbour] + sizes[neighbour])
      }
      offsets[index] = offset
      placed.append(index)
    }
    self.offsets = offsets
    byteCount = placed.map { offsets[$0] + sizes[$0] }.max() ?? 0
  }
}
