import GRDB

extension MarketError {
  /// Runs `body`, and turns what SQLite reports into an error that names the store and what can be done.
  static func inStore<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw MarketError(database: error, path: path)
    }
  }

  private init(database error: DatabaseError, path: String) {
    let message = error.message ?? "SQLite code \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init(
        "disk-full", subject: path, expected: "room on the disk", found: "none left; what was stored before is whole",
        category: .cannotCreate)
    case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_FORMAT:
      self.init("store-damaged", subject: path, expected: "a sound candle store", found: message)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(
        "store-locked", subject: path, expected: "a store that no other process is writing", found: message,
        category: .cannotCreate)
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_IOERR, .SQLITE_AUTH:
      self.init(
        "store-unwritable", subject: path, expected: "a file that can be written, in a folder that can", found: message,
        category: .cannotCreate)
    case .SQLITE_ERROR:  // a statement that does not fit the tables that are there
      self.init("store-damaged", subject: path, expected: "the tables of a candle store", found: message)
    default:
      self.init("store", subject: path, found: message, category: .internalFailure)
    }
  }
}
