/// What can be taken out of a network only together: neurons, filters, hidden units, heads.
///
/// A channel is one position along an axis of a value, wherever it is made: an output of a dense layer, a filter's map. Channels
/// that meet in the same place (a sum, a shared weight, a head) are joined, and what is joined is removed as one.
///
/// - Source: dependency groups as in Fang et al. 2023, arXiv:2301.12900, §3, on single channels in the place of whole layers.
struct ChannelTable {
  typealias Channel = Int

  /// A slice of a parameter that goes with a channel.
  struct Slice: Hashable {
    enum Role: Hashable {
      /// Weights that make the channel.
      case producing
      /// Weights that read it.
      case consuming
      /// A number for the channel: a bias, a scale.
      case attendant
    }

    let parameter: String
    let axis: Int
    let index: Int
    let role: Role
  }

  /// The layer that makes each channel.
  private(set) var makers: [String] = []
  private var parents: [Channel] = []
  private var frozen: [Channel: String] = [:]
  private var slices: [(channel: Channel, slice: Slice)] = []
  /// The parts of values, of which each keeps one channel, that a channel belongs to.
  private var parts: [Channel: [String]] = [:]
  /// The channel along each axis of each parameter, so that a second use of it joins the first.
  private var ties: [Axis: [Channel]] = [:]

  private struct Axis: Hashable {
    let parameter: String
    let axis: Int
  }

  mutating func fresh(_ count: Int, maker: String) -> [Channel] {
    let first = parents.count
    parents += first..<first + count
    makers += Array(repeating: maker, count: count)
    return Array(first..<first + count)
  }

  func root(_ channel: Channel) -> Channel {
    var channel = channel
    while parents[channel] != channel { channel = parents[channel] }
    return channel
  }

  mutating func join(_ a: Channel, _ b: Channel) {
    let (first, second) = (min(root(a), root(b)), max(root(a), root(b)))
    guard first != second else { return }
    parents[second] = first
    if let reason = frozen.removeValue(forKey: second), frozen[first] == nil { frozen[first] = reason }
  }

  /// Position by position.
  ///
  /// - Precondition: equally many.
  mutating func join(_ a: [Channel], _ b: [Channel]) {
    for (a, b) in zip(a, b) { join(a, b) }
  }

  mutating func freeze(_ channels: [Channel], _ reason: String) {
    for channel in channels where frozen[root(channel)] == nil { frozen[root(channel)] = reason }
  }

  /// Says that channels make up a part of a value that must not become empty.
  mutating func mark(_ channels: [Channel], _ part: String) {
    for channel in channels { parts[channel, default: []].append(part) }
  }

  /// Binds positions along an axis of a parameter to channels.
  mutating func tie(_ parameter: String, axis: Int, _ channels: [Channel], _ role: Slice.Role) {
    let key = Axis(parameter: parameter, axis: axis)
    if let earlier = ties[key] { join(earlier, channels) } else { ties[key] = channels }
    for (index, channel) in channels.enumerated() {
      slices.append((channel, Slice(parameter: parameter, axis: axis, index: index, role: role)))
    }
  }

  /// What is removed as one, in the order in which it is made; and layers that lose nothing, with the reason.
  func units() -> (units: [ChannelUnit], frozen: [String: String]) {
    var members: [Channel: [Channel]] = [:]
    for channel in parents.indices { members[root(channel), default: []].append(channel) }
    var own: [Channel: [Slice]] = [:]
    for (channel, slice) in slices { own[root(channel), default: []].append(slice) }
    var units: [ChannelUnit] = []
    var reasons: [String: String] = [:]
    for (root, channels) in members.sorted(by: { $0.key < $1.key }) {
      let makers = channels.map { self.makers[$0] }.unique()
      if let reason = frozen[root] {
        for maker in makers where reasons[maker] == nil { reasons[maker] = reason }
      } else {
        let parts = channels.flatMap { self.parts[$0] ?? [] }.unique().sorted()
        units.append(
          ChannelUnit(makers: makers, parts: parts, channels: Set(channels), slices: (own[root] ?? []).unique()))
      }
    }
    return (units, reasons)
  }
}

/// Channels that are removed together, and the slices of parameters that go with them.
struct ChannelUnit {
  /// The layers that make them.
  let makers: [String]
  /// Parts of values that they lie in, of which each keeps one channel.
  let parts: [String]
  let channels: Set<ChannelTable.Channel>
  let slices: [ChannelTable.Slice]
}

extension Array where Element: Hashable {
  /// Without repetitions, in the order of first occurrence.
  func unique() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
