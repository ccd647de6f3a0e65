"""Countries a shop without an adapter can sell in: the currency buyers pay in and the shop's time zone.

Islands may read it; a platform with an adapter knows its own sites.
"""

from channels.messages import Marketplace

_PLACES = {
    "AE": ("AED", "Asia/Dubai", "United Arab Emirates"),
    "AR": ("ARS", "America/Argentina/Buenos_Aires", "Argentina"),
    "AT": ("EUR", "Europe/Vienna", "Austria"),
    "AU": ("AUD", "Australia/Sydney", "Australia"),
    "BE": ("EUR", "Europe/Brussels", "Belgium"),
    "BR": ("BRL", "America/Sao_Paulo", "Brazil"),
    "CA": ("CAD", "America/Toronto", "Canada"),
    "CH": ("CHF", "Europe/Zurich", "Switzerland"),
    "CL": ("CLP", "America/Santiago", "Chile"),
    "CN": ("CNY", "Asia/Shanghai", "China"),
    "CO": ("COP", "America/Bogota", "Colombia"),
    "CZ": ("CZK", "Europe/Prague", "Czechia"),
    "DE": ("EUR", "Europe/Berlin", "Germany"),
    "DK": ("DKK", "Europe/Copenhagen", "Denmark"),
    "ES": ("EUR", "Europe/Madrid", "Spain"),
    "FI": ("EUR", "Europe/Helsinki", "Finland"),
    "FR": ("EUR", "Europe/Paris", "France"),
    "GB": ("GBP", "Europe/London", "United Kingdom"),
    "GR": ("EUR", "Europe/Athens", "Greece"),
    "HK": ("HKD", "Asia/Hong_Kong", "Hong Kong"),
    "HU": ("HUF", "Europe/Budapest", "Hungary"),
    "ID": ("IDR", "Asia/Jakarta", "Indonesia"),
    "IE": ("EUR", "Europe/Dublin", "Ireland"),
    "IL": ("ILS", "Asia/Jerusalem", "Israel"),
    "IN": ("INR", "Asia/Kolkata", "India"),
    "IT": ("EUR", "Europe/Rome", "Italy"),
    "JP": ("JPY", "Asia/Tokyo", "Japan"),
    "KR": ("KRW", "Asia/Seoul", "South Korea"),
    "KZ": ("KZT", "Asia/Almaty", "Kazakhstan"),
    "MX": ("MXN", "America/Mexico_City", "Mexico"),
    "MY": ("MYR", "Asia/Kuala_Lumpur", "Malaysia"),
    "NG": ("NGN", "Africa/Lagos", "Nigeria"),
    "NL": ("EUR", "Europe/Amsterdam", "Netherlands"),
    "NO": ("NOK", "Europe/Oslo", "Norway"),
    "NZ": ("NZD", "Pacific/Auckland", "New Zealand"),
    "PE": ("PEN", "America/Lima", "Peru"),
    "PH": ("PHP", "Asia/Manila", "Philippines"),
    "PL": ("PLN", "Europe/Warsaw", "Poland"),
    "PT": ("EUR", "Europe/Lisbon", "Portugal"),
    "RO": ("RON", "Europe/Bucharest", "Romania"),
    "RU": ("RUB", "Europe/Moscow", "Russia"),
    "SA": ("SAR", "Asia/Riyadh", "Saudi Arabia"),
    "SE": ("SEK", "Europe/Stockholm", "Sweden"),
    "SG": ("SGD", "Asia/Singapore", "Singapore"),
    "TH": ("THB", "Asia/Bangkok", "Thailand"),
    "TR": ("TRY", "Europe/Istanbul", "Türkiye"),
    "TW": ("TWD", "Asia/Taipei", "Taiwan"),
    "UA": ("UAH", "Europe/Kyiv", "Ukraine"),
    "US": ("USD", "America/Los_Angeles", "United States"),
    "VN": ("VND", "Asia/Ho_Chi_Minh", "Vietnam"),
    "ZA": ("ZAR", "Africa/Johannesburg", "South Africa"),
}

EVERY = tuple(sorted(_PLACES))


def places(*countries: str) -> tuple[Marketplace, ...]:
    """Return a marketplace for each country, known by the country's two letters; all of them without one."""
    return tuple(Marketplace(code, code, *_PLACES[code]) for code in countries or EVERY)
