"""FastAPI's own tutorial on OAuth2 with a password, bearer and JWT tokens, with the same answer."""

import json
import os
from datetime import datetime, timedelta, timezone
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jose import JWTError, jwt
from passlib.context import CryptContext
from pydantic import BaseModel

SECRET_KEY = os.environ["SECRET_KEY"]
ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
ALGORITHM = "HS256"


class User(BaseModel):
    id: str
    username: str
    role: str
    active: bool
    created_at: int
    scope: str


class UserInDB(User):
    hashed_password: str


class Token(BaseModel):
    access_token: str
    token_type: str


pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="auth/token")
app = FastAPI()

alice = UserInDB(
    **json.loads(os.environ["ME"]), hashed_password=pwd_context.hash(os.environ["PASSWORD"])
)
fake_users_db = {alice.id: alice}
ids = {alice.username: alice.id}


def authenticate_user(username: str, password: str) -> UserInDB | None:
    user = fake_users_db.get(ids.get(username, ""))
    if user is None or not pwd_context.verify(password, user.hashed_password):
        return None
    return user


async def get_current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> UserInDB:
    credentials_exception = HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        payload = jwt.decode(
            token, SECRET_KEY, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE
        )
    except JWTError:
        raise credentials_exception
    user = fake_users_db.get(payload.get("sub"))
    if user is None:
        raise credentials_exception
    return user


async def get_current_active_user(
    current_user: Annotated[UserInDB, Depends(get_current_user)],
) -> UserInDB:
    if not current_user.active:
        raise HTTPException(status_code=400, detail="Inactive user")
    return current_user


@app.post("/auth/token")
async def login_for_access_token(
    form_data: Annotated[OAuth2PasswordRequestForm, Depends()],
) -> Token:
    user = authenticate_user(form_data.username, form_data.password)
    if user is None:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Incorrect username or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    expire = datetime.now(timezone.utc) + timedelta(minutes=15)
    claims = {"sub": user.id, "iss": ISSUER, "aud": AUDIENCE, "exp": expire}
    return Token(access_token=jwt.encode(claims, SECRET_KEY, ALGORITHM), token_type="bearer")


@app.get("/me")
async def read_me(current_user: Annotated[User, Depends(get_current_active_user)]) -> User:
    return current_user
