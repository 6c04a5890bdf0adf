/// Matrix products by the system's library: OpenBLAS on Linux, Accelerate on macOS. One thread, row-major.
///
/// A value of a few function pointers, cheap to copy and safe to call from several threads at once. The library is
/// loaded when it is first asked for, so that a program that never multiplies large matrices runs without it.
public struct BLAS: Sendable {
  /// What the library calls the processor it computes for (`SkylakeX`, `Haswell`); `Accelerate` on macOS.
  public let coreName: String

  let symbols: BLASSymbols

  /// The library, loaded once per process.
  ///
  /// - Throws: `linear-algebra.no-library`, saying how to install it; `linear-algebra.library` where it lacks a function.
  public static func load() throws(LinearAlgebraError) -> BLAS {
    try loaded.get()
  }

  private static let loaded = Result { () throws(LinearAlgebraError) in
    let library = try BLASLibrary.open()
    return BLAS(coreName: library.coreName, symbols: try BLASSymbols(library))
  }

  /// `C = alpha · op(A) · op(B) + beta · C`, where op transposes if asked.
  ///
  /// With `beta` 0, `C` is written without being read.
  ///
  /// - Shapes: `op(A) [m, k]`, `op(B) [k, n]`, `C [m, n]`.
  /// - Parameters:
  ///   - lda: elements from one row of `A` to the next, as `A` is stored: at least `k`, or `m` where it is transposed.
  ///   - ldb: the same for `B`: at least `n`, or `k` where it is transposed.
  ///   - ldc: the same for `C`: at least `n`.
  @inline(__always)
  public func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, lda: Int, b: UnsafePointer<Float>, ldb: Int, beta: Float = 0,
    c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    symbols.sgemm(
      CBLASConstant.rowMajor, CBLASConstant.transpose(transposeA), CBLASConstant.transpose(transposeB), Int32(m),
      Int32(n), Int32(k), alpha, a, Int32(max(lda, 1)), b, Int32(max(ldb, 1)), beta, c, Int32(max(ldc, 1)))
  }

  /// The same in Float64.
  @inline(__always)
  public func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Double = 1,
    a: UnsafePointer<Double>, lda: Int, b: UnsafePointer<Double>, ldb: Int, beta: Double = 0,
    c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    guard m > 0, n > 0 else { return }
    symbols.dgemm(
      CBLASConstant.rowMajor, CBLASConstant.transpose(transposeA), CBLASConstant.transpose(transposeB), Int32(m),
      Int32(n), Int32(k), alpha, a, Int32(max(lda, 1)), b, Int32(max(ldb, 1)), beta, c, Int32(max(ldc, 1)))
  }

  /// `y = alpha · op(A) · x + beta · y` for contiguous vectors.
  ///
  /// - Shapes: `A [rows, columns]` as it is stored; transposed, `x [rows]` → `y [columns]`, else `x [columns]` → `y [rows]`.
  @inline(__always)
  public func gemv(
    transposeA: Bool = false, rows: Int, columns: Int, alpha: Float = 1, a: UnsafePointer<Float>, lda: Int,
    x: UnsafePointer<Float>, beta: Float = 0, y: UnsafeMutablePointer<Float>
  ) {
    symbols.sgemv(
      CBLASConstant.rowMajor, CBLASConstant.transpose(transposeA), Int32(rows), Int32(columns), alpha, a,
      Int32(max(lda, 1)), x, 1, beta, y, 1)
  }

  /// The same in Float64.
  @inline(__always)
  public func gemv(
    transposeA: Bool = false, rows: Int, columns: Int, alpha: Double = 1, a: UnsafePointer<Double>, lda: Int,
    x: UnsafePointer<Double>, beta: Double = 0, y: UnsafeMutablePointer<Double>
  ) {
    symbols.dgemv(
      CBLASConstant.rowMajor, CBLASConstant.transpose(transposeA), Int32(rows), Int32(columns), alpha, a,
      Int32(max(lda, 1)), x, 1, beta, y, 1)
  }
}
