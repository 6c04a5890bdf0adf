/// The C interface of BLAS and the Fortran interface of LAPACK, with 32-bit integers, as found in the library.
struct BLASSymbols: Sendable {
  /// order, transA, transB, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc
  typealias SGEMM = @Sendable @convention(c) (
    Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32, Float,
    UnsafeMutablePointer<Float>, Int32
  ) -> Void
  typealias DGEMM = @Sendable @convention(c) (
    Int32, Int32, Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>, Int32, UnsafePointer<Double>, Int32,
    Double, UnsafeMutablePointer<Double>, Int32
  ) -> Void

  /// order, transA, rows, columns, alpha, A, lda, x, stride of x, beta, y, stride of y
  typealias SGEMV = @Sendable @convention(c) (
    Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32, Float,
    UnsafeMutablePointer<Float>, Int32
  ) -> Void
  typealias DGEMV = @Sendable @convention(c) (
    Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>, Int32, UnsafePointer<Double>, Int32, Double,
    UnsafeMutablePointer<Double>, Int32
  ) -> Void

  /// jobz, m, n, A, lda, S, U, ldu, Vᵀ, ldvt, work, lwork, iwork, info, and the length of `jobz`, which Fortran
  /// compilers pass unseen and C ones ignore.
  typealias DGESDD = @Sendable @convention(c) (
    UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>,
    UnsafePointer<Int32>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
    UnsafeMutablePointer<Double>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
    UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, Int
  ) -> Void

  let sgemm: SGEMM
  let dgemm: DGEMM
  let sgemv: SGEMV
  let dgemv: DGEMV
  let dgesdd: DGESDD

  init(_ library: BLASLibrary) throws(LinearAlgebraError) {
    sgemm = unsafeBitCast(try library.symbol("cblas_sgemm"), to: SGEMM.self)
    dgemm = unsafeBitCast(try library.symbol("cblas_dgemm"), to: DGEMM.self)
    sgemv = unsafeBitCast(try library.symbol("cblas_sgemv"), to: SGEMV.self)
    dgemv = unsafeBitCast(try library.symbol("cblas_dgemv"), to: DGEMV.self)
    dgesdd = unsafeBitCast(try library.symbol("dgesdd_"), to: DGESDD.self)
  }
}

/// The numbers that the C interface of BLAS gives to orders and transpositions.
enum CBLASConstant {
  static let rowMajor: Int32 = 101

  @inline(__always)
  static func transpose(_ transposes: Bool) -> Int32 { transposes ? 112 : 111 }
}
