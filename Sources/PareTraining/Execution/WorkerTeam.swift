#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Work that several threads share.
protocol TeamWork: AnyObject {
  /// Does one thread's part of a phase. Called at the same time for every thread of the team.
  func perform(phase: Int, thread: Int, of threadCount: Int) throws
}

/// A fixed number of threads, the caller's among them, that go through phases of work together.
///
/// The threads are started once and wait between phases; a phase allocates nothing. Who does what follows from the
/// thread's number alone, so that the same thread meets the same data again.
final class WorkerTeam {
  let threadCount: Int
  private let meeting: Meeting
  private var threads: [pthread_t] = []

  /// - Parameter threadCount: where the system refuses a thread the team is smaller.
  init(threadCount: Int) {
    let meeting = Meeting()
    self.meeting = meeting
    var started = 1
    while started < threadCount {
      let seat = Unmanaged.passRetained(Seat(meeting: meeting, thread: started))
      guard let thread = Self.start(seat) else {
        seat.release()
        break
      }
      threads.append(thread)
      started += 1
    }
    self.threadCount = started
    meeting.open(threadCount: started)
  }

  deinit {
    meeting.close()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Runs a phase on all threads and returns when the last of them is done.
  ///
  /// - Throws: what the work threw, of the first thread by number where several did.
  func run(_ work: any TeamWork, phase: Int) throws {
    meeting.begin(work, phase: phase)
    let own = Result { try work.perform(phase: phase, thread: 0, of: threadCount) }
    let others = meeting.awaitEnd()
    try own.get()
    if let others { throw others }
  }

  private static func start(_ seat: Unmanaged<Seat>) -> pthread_t? {
    #if canImport(Darwin)
      var thread: pthread_t?
      let failure = pthread_create(&thread, nil, { Seat.sit($0); return nil }, seat.toOpaque())
      return failure == 0 ? thread : nil
    #else
      var thread = pthread_t()
      let failure = pthread_create(&thread, nil, { if let seat = $0 { Seat.sit(seat) }; return nil }, seat.toOpaque())
      return failure == 0 ? thread : nil
    #endif
  }
}

/// A thread's place in a team.
private final class Seat {
  let meeting: Meeting
  let thread: Int

  init(meeting: Meeting, thread: Int) {
    self.meeting = meeting
    self.thread = thread
  }

  /// The life of a thread: phase after phase until the team is dissolved.
  static func sit(_ context: UnsafeMutableRawPointer) {
    let seat = Unmanaged<Seat>.fromOpaque(context).takeRetainedValue()
    var phasesSeen = 0
    while seat.meeting.takePart(thread: seat.thread, after: &phasesSeen) {}
  }
}

/// Where the threads wait for a phase, and the caller for its end. Everything but the work itself happens under a mutex.
private final class Meeting: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let begun = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let ended = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var threadCount = 1
  private var phaseCount = 0
  private var phase = 0
  private var working = 0
  private var isClosed = false
  private var work: (any TeamWork)?
  /// Of the thread with the lowest number that failed.
  private var failure: (thread: Int, error: any Error)?

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(begun, nil)
    pthread_cond_init(ended, nil)
  }

  deinit {
    pthread_cond_destroy(begun)
    pthread_cond_destroy(ended)
    pthread_mutex_destroy(mutex)
    begun.deallocate()
    ended.deallocate()
    mutex.deallocate()
  }

  func open(threadCount: Int) {
    pthread_mutex_lock(mutex)
    self.threadCount = threadCount
    pthread_mutex_unlock(mutex)
  }

  func begin(_ work: any TeamWork, phase: Int) {
    pthread_mutex_lock(mutex)
    self.work = work
    self.phase = phase
    working = threadCount - 1
    phaseCount += 1
    pthread_cond_broadcast(begun)
    pthread_mutex_unlock(mutex)
  }

  /// - Returns: what a thread's work threw.
  func awaitEnd() -> (any Error)? {
    pthread_mutex_lock(mutex)
    while working > 0 { pthread_cond_wait(ended, mutex) }
    // Neither is held beyond the phase: the work may own the team.
    let error = failure?.error
    work = nil
    failure = nil
    pthread_mutex_unlock(mutex)
    return error
  }

  /// Waits for the next phase and does its part.
  ///
  /// - Returns: false once the team is dissolved.
  func takePart(thread: Int, after phasesSeen: inout Int) -> Bool {
    pthread_mutex_lock(mutex)
    while phaseCount == phasesSeen, !isClosed { pthread_cond_wait(begun, mutex) }
    let (work, phase, count) = (self.work, self.phase, threadCount)
    phasesSeen = phaseCount
    let isOver = isClosed
    pthread_mutex_unlock(mutex)
    guard !isOver else { return false }
    let outcome = Result { try work?.perform(phase: phase, thread: thread, of: count) }
    pthread_mutex_lock(mutex)
    if case .failure(let error) = outcome, thread < failure?.thread ?? .max { failure = (thread, error) }
    working -= 1
    if working == 0 { pthread_cond_signal(ended) }
    pthread_mutex_unlock(mutex)
    return true
  }

  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(begun)
    pthread_mutex_unlock(mutex)
  }
}
