/// The cost tables that come with Pare, as `pare bench --calibrate` writes them. Made by scripts/ship-costs.
enum ShippedCostTexts {
  static let all = [
    avx2,
    avx512,
    avx512vnni,
    avx512vpopcntdq,
    scalar,
  ]
}
